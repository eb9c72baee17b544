/** Bounds on what one request, and all of them together, may take. */
export interface BodyLimits {
  /** The largest body, before and after decompression, and the largest tensor made of JSON text. */
  readonly maxBodyBytes: number;
  /** Bytes of request bodies held at one time, over all requests. */
  readonly maxBufferedBytes: number;
}

export const defaultBodyLimits: BodyLimits = Object.freeze({
  maxBodyBytes: 64 * 1024 * 1024,
  maxBufferedBytes: 1024 * 1024 * 1024,
});

/** Bytes that may be held at one time. */
export interface ByteBudget {
  /** Whether the bytes were free; if so they are taken until released. */
  tryTake(bytes: number): boolean;
  release(bytes: number): void;
}

/** A budget with all of its bytes free. */
export function createByteBudget(totalBytes: number): ByteBudget {
  let free = totalBytes;
  return {
    tryTake(bytes) {
      if (bytes > free) return false;
      free -= bytes;
      return true;
    },
    release(bytes) {
      free += bytes;
    },
  };
}
