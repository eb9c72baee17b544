import { promisify } from 'node:util';
import { gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';

/** The codings of requests and answers; `deflate` is the zlib form of RFC 9110. */
export type ContentCoding = 'gzip' | 'deflate';

const codings = {
  gzip: { inBackground: promisify(gunzip), atOnce: gunzipSync },
  deflate: { inBackground: promisify(inflate), atOnce: inflateSync },
} as const;

/** Below these sizes the work is cheaper than handing it to another thread. */
const inlinePackedBytes = 4 * 1024;
const inlinePlainBytes = 64 * 1024;

/**
 * Decompresses what a client sent.
 * @throws what `isTooLarge` knows where there are more than `maxBytes` bytes, another error of zlib
 * where they are broken.
 */
export async function unpack(
  packed: Uint8Array,
  coding: ContentCoding,
  maxBytes: number,
): Promise<Buffer> {
  const { inBackground, atOnce } = codings[coding];
  if (packed.byteLength <= inlinePackedBytes) {
    try {
      return atOnce(packed, { maxOutputLength: Math.min(maxBytes, inlinePlainBytes) });
    } catch (thrown) {
      if (!isTooLarge(thrown)) throw thrown;
    }
  }
  return inBackground(packed, { maxOutputLength: maxBytes });
}

/** Whether `unpack` failed because there are too many bytes. */
export function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof RangeError && 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE';
}
