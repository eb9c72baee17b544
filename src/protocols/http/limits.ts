/** Bounds on what one request, and all of them together, may take. */
export interface BodyLimits {
  /** The largest body, before and after decompression, and the largest tensor made of JSON text. */
  readonly maxBodyBytes: number;
  /** Bytes of request bodies held at one time, over all requests. */
  readonly maxBufferedBytes: number;
  /** Collects young garbage; called every few megabytes of bodies. */
  readonly collectYoung?: () => void;
}

export const defaultBodyLimits: BodyLimits = Object.freeze({
  maxBodyBytes: 64 * 1024 * 1024,
  maxBufferedBytes: 1024 * 1024 * 1024,
});

/** Bytes that may be held at one time, and memory to hold them in. */
export interface ByteBudget {
  /** Whether the bytes were free; if so they are taken until released. */
  tryTake(bytes: number): boolean;
  release(bytes: number): void;
  /**
   * Whether memory may be made for bytes that were announced and have not come, until `unreserve`.
   * Those are counted apart: who announces much and sends nothing takes nothing from others, whose
   * bodies at worst grow as they come.
   */
  tryReserve(bytes: number): boolean;
  unreserve(bytes: number): void;
  /** Memory of at least this size, with anything in it. */
  memory(byteLength: number): Buffer;
  /** Takes back memory from `memory` that nobody will look at again. Not to do so is no leak. */
  recycle(memory: ArrayBufferLike): void;
}

/** How much of a budget may be reserved on top of it: memory that nobody writes to is not used up. */
const reservableShare = 1 / 4;
/** Smaller pieces are cheap to make and to collect. */
const smallestRecycledBytes = 64 * 1024;
/** Sizes are rounded up to this, so that bodies of nearly the same length share memory. */
const roundedBytes = 16 * 1024;
/** After as many bytes of bodies the buffers they came in are worth collecting. */
const collectAfterBytes = 4 * 1024 * 1024;
/** Memory kept for the next bodies. */
const maxKeptBytes = 32 * 1024 * 1024;

/**
 * A budget with all of its bytes free. Large pieces of memory are used again: otherwise a model
 * whose inputs are pictures has the garbage collector run all the time.
 */
export function createByteBudget(totalBytes: number, collectYoung?: () => void): ByteBudget {
  let free = totalBytes;
  let reservable = totalBytes * reservableShare;
  let uncollectedBytes = 0;
  let keptBytes = 0;
  const kept = new Map<number, ArrayBuffer[]>();
  // Small buffers are parts of memory that Node shares among them, which must never be taken back.
  const lent = new WeakSet<ArrayBufferLike>();
  return {
    tryTake(bytes) {
      if (bytes > free) return false;
      free -= bytes;
      uncollectedBytes += bytes;
      if (uncollectedBytes > collectAfterBytes) {
        uncollectedBytes = 0;
        collectYoung?.();
      }
      return true;
    },
    release(bytes) {
      free += bytes;
    },
    tryReserve(bytes) {
      if (bytes > reservable) return false;
      reservable -= bytes;
      return true;
    },
    unreserve(bytes) {
      reservable += bytes;
    },
    memory(byteLength) {
      if (byteLength < smallestRecycledBytes) return Buffer.allocUnsafe(byteLength);
      const size = Math.ceil(byteLength / roundedBytes) * roundedBytes;
      const again = kept.get(size)?.pop();
      if (again !== undefined) keptBytes -= size;
      const memory = again === undefined ? Buffer.allocUnsafeSlow(size) : Buffer.from(again);
      lent.add(memory.buffer);
      return memory;
    },
    recycle(memory) {
      const size = memory.byteLength;
      if (!(memory instanceof ArrayBuffer) || !lent.delete(memory)) return;
      if (keptBytes + size > maxKeptBytes) return;
      const pieces = kept.get(size) ?? [];
      pieces.push(memory);
      kept.set(size, pieces);
      keptBytes += size;
    },
  };
}
