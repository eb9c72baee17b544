import { closeSync, fstatSync } from 'node:fs';
import { koffi } from './koffi.ts';
import { HeadwayError } from '../core/error.ts';

/** A part of a shared memory object, mapped for reading and writing. */
export interface SharedMapping extends Disposable {
  /** A view of the mapped bytes, not a copy. Once disposed of it is cut off from the object. */
  readonly bytes: Uint8Array;
  /** Whether the object still is as large as the part needs: touching less would end the process. */
  isWhole(): boolean;
}

/** Maps shared memory objects of this machine. */
export interface SharedMemoryMapper {
  /**
   * Maps a part of an object.
   * @param name as `shm_open` takes it: a slash and then the name.
   * @returns `undefined` when the object is too small for the part, or the part is empty.
   * @throws HeadwayError `internal` when there is no such object or it cannot be mapped,
   * `unimplemented` where the system has no POSIX shared memory.
   */
  map(name: string, offsetBytes: number, byteLength: number): SharedMapping | undefined;
}

interface MemoryCalls {
  readonly shmOpen: (name: string, flags: number, mode: number) => number;
  readonly mmap: (...call: readonly [bigint, number, number, number, number, number]) => bigint;
  readonly munmap: (address: bigint, byteLength: number) => number;
}

const openReadWrite = 2;
const protectReadWrite = 3;
const mapShared = 1;
const mapFailed = 0xffff_ffff_ffff_ffffn;

/** MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS and MAP_NORESERVE. */
const mapNothing: number =
  process.platform === 'darwin' ? 0x2 | 0x10 | 0x1000 | 0x40 : 0x2 | 0x10 | 0x20 | 0x4000;

/** A multiple of every page size in use. */
const alignmentBytes = 65_536;

/** Makes a mapper; the system's library is looked up at the first use. */
export function createSharedMemoryMapper(): SharedMemoryMapper {
  let calls: MemoryCalls | undefined;
  const unmapped = new FinalizationRegistry<{ readonly address: bigint; readonly length: number }>(
    ({ address, length }) => void calls?.munmap(address, length),
  );
  return {
    map(name, offsetBytes, byteLength) {
      calls ??= findCalls();
      const { shmOpen, mmap } = calls;
      const file = shmOpen(name, openReadWrite, 0);
      if (file < 0) throw cannotOpen(name);
      const isWhole = (): boolean => fstatSync(file).size >= offsetBytes + byteLength;
      const start = offsetBytes - (offsetBytes % alignmentBytes);
      const length = offsetBytes - start + byteLength;
      let address = mapFailed;
      try {
        if (byteLength === 0 || !isWhole()) return undefined;
        address = mmap(0n, length, protectReadWrite, mapShared, file, start);
      } finally {
        if (address === mapFailed) closeSync(file);
      }
      if (address === mapFailed) throw cannotOpen(name);
      const buffer = koffi.view(address, length);
      unmapped.register(buffer, { address, length });
      return {
        bytes: new Uint8Array(buffer, offsetBytes - start, byteLength),
        isWhole,
        [Symbol.dispose]() {
          closeSync(file);
          // A view that somebody kept must not lead to an address with nothing or other data
          // behind it: the place is kept, empty, until the last view is gone.
          mmap(address, length, protectReadWrite, mapNothing, -1, 0);
        },
      };
    },
  };
}

function cannotOpen(name: string): HeadwayError {
  return new HeadwayError('internal', `Unable to open shared memory region: '${name}'`);
}

function findCalls(): MemoryCalls {
  if (process.platform === 'win32') {
    throw new HeadwayError(
      'unimplemented',
      'Shared memory feature is currently not supported on Windows',
    );
  }
  // What this process is linked with has them, whichever C library that is.
  const library = koffi.load(null);
  return {
    shmOpen: library.func('shm_open', 'int', ['str', 'int', 'uint']),
    mmap: library.func('mmap', 'void*', ['void*', 'size_t', 'int', 'int', 'int', 'int64_t']),
    munmap: library.func('munmap', 'int', ['void*', 'size_t']),
  };
}
