import type { HeldBytes } from './held-bytes.ts';

export interface GatherOptions {
  /** How many bytes were announced, and no more will come; `undefined` when nothing was. */
  readonly expectedBytes: number | undefined;
  /** More are never appended. */
  readonly maxBytes: number;
  /**
   * The offset that is to fall on a multiple of 64 in its ArrayBuffer, so that tensors starting or
   * ending there can be used where they lie.
   */
  readonly alignedOffset: number;
  readonly held: HeldBytes;
}

/** Bytes that come together in one buffer. */
export interface Gathering {
  readonly byteLength: number;
  /** @throws HeadwayError `unavailable` when there is no memory for them. */
  append(piece: Uint8Array): void;
  /** What has come. Nothing is appended afterwards. */
  finish(): Buffer;
}

const alignmentBytes = 64;
/** The least that is made room for when it is not known how much will come. */
const firstBytes = 4096;

/**
 * Begins to gather bytes. They are counted as they come, whatever was announced: an announcement
 * costs its sender nothing. Memory for all that was announced is made at the first of them, so that
 * none is copied twice, for as long as it can be reserved; beyond that the buffer grows.
 */
export function gatherBytes(options: GatherOptions): Gathering {
  const { expectedBytes, maxBytes, alignedOffset, held } = options;
  let buffer: Buffer | undefined;
  let length = 0;
  let countedBytes = 0;
  let isReserved = false;

  function capacityFor(end: number): number {
    if (expectedBytes !== undefined) {
      isReserved = end < expectedBytes && held.tryReserve(expectedBytes);
      if (isReserved) return expectedBytes;
    }
    return Math.min(Math.max(firstBytes, 2 * length, end), expectedBytes ?? maxBytes);
  }

  function count(bytes: number): void {
    if (bytes <= countedBytes) return;
    held.take(bytes - countedBytes);
    countedBytes = bytes;
  }

  return {
    get byteLength() {
      return length;
    },
    append(piece) {
      const end = length + piece.byteLength;
      let target = buffer;
      if (target === undefined || end > target.byteLength) {
        const capacity = capacityFor(end);
        count(isReserved ? end : capacity);
        target = allocateAligned(capacity, alignedOffset, held);
        if (buffer !== undefined) target.set(buffer.subarray(0, length));
        buffer = target;
      } else if (isReserved) {
        count(end);
      }
      target.set(piece, length);
      length = end;
    },
    finish() {
      held.settle();
      return (buffer ?? Buffer.alloc(0)).subarray(0, length);
    },
  };
}

/** A buffer whose `alignedOffset` falls on a multiple of 64 in its ArrayBuffer. */
function allocateAligned(byteLength: number, alignedOffset: number, held: HeldBytes): Buffer {
  const memory = held.memory(byteLength + alignmentBytes - 1);
  const misaligned = (memory.byteOffset + alignedOffset) % alignmentBytes;
  const start = misaligned === 0 ? 0 : alignmentBytes - misaligned;
  return memory.subarray(start, start + byteLength);
}
