import { randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';

/** A shared memory object as a client makes one; Linux keeps them as files. */
export interface SharedObject extends Disposable {
  readonly key: string;
  write(offset: number, bytes: Uint8Array): void;
  read(offset: number, byteLength: number): Buffer;
  truncate(byteLength: number): void;
}

/** Makes an object of zeros that goes away with this. */
export function createSharedObject(byteLength: number): SharedObject {
  const key = `/headway-test-${randomUUID()}`;
  const path = `/dev/shm${key}`;
  const file = openSync(path, 'wx+', 0o600);
  ftruncateSync(file, byteLength);
  return {
    key,
    write: (offset, bytes) => void writeSync(file, bytes, 0, bytes.byteLength, offset),
    read(offset, length) {
      const bytes = Buffer.alloc(length);
      readSync(file, bytes, 0, length, offset);
      return bytes;
    },
    truncate: (length) => ftruncateSync(file, length),
    [Symbol.dispose]() {
      closeSync(file);
      unlinkSync(path);
    },
  };
}
