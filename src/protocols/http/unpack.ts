import { createGunzip, createInflate, gunzipSync, inflateSync } from 'node:zlib';
import type { HeadwayError } from '../../core/error.ts';
import type { Gathering } from './gather.ts';

/** The codings of requests and answers; `deflate` is the zlib form of RFC 9110. */
export type ContentCoding = 'gzip' | 'deflate';

const codings = {
  gzip: { inBackground: createGunzip, atOnce: gunzipSync },
  deflate: { inBackground: createInflate, atOnce: inflateSync },
} as const;

/** Below these sizes the work is cheaper than handing it to another thread. */
const inlinePackedBytes = 4 * 1024;
const inlinePlainBytes = 64 * 1024;

/** What is made of packed bytes at a time. */
const chunkBytes = 64 * 1024;

export interface UnpackOptions {
  readonly coding: ContentCoding;
  readonly maxBytes: number;
  /** Gets the plain bytes as they are made, so that no more are made than it has room for. */
  readonly into: Gathering;
  readonly tooLarge: () => HeadwayError;
  readonly broken: (cause: unknown) => HeadwayError;
}

/**
 * Decompresses what a client sent.
 * @throws HeadwayError `tooLarge` where there are more than `maxBytes` bytes, `broken` where they
 * are no such data, and what `into` throws.
 */
export async function unpack(packed: Uint8Array, options: UnpackOptions): Promise<Buffer> {
  const { maxBytes, into } = options;
  if (packed.byteLength <= inlinePackedBytes) {
    const maxOutputLength = Math.min(maxBytes, inlinePlainBytes);
    const plain = unpackAtOnce(packed, options, maxOutputLength);
    if (plain !== undefined) {
      into.append(plain);
      return into.finish();
    }
  }
  await unpackInBackground(packed, options);
  return into.finish();
}

/** `undefined` where there are more than so many bytes. */
function unpackAtOnce(
  packed: Uint8Array,
  { coding, broken }: UnpackOptions,
  maxOutputLength: number,
): Buffer | undefined {
  try {
    return codings[coding].atOnce(packed, { maxOutputLength });
  } catch (thrown) {
    const isTooLarge =
      thrown instanceof RangeError && 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) return undefined;
    throw broken(thrown);
  }
}

function unpackInBackground(
  packed: Uint8Array,
  { coding, maxBytes, into, tooLarge, broken }: UnpackOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const unpacker = codings[coding].inBackground({ chunkSize: chunkBytes });
    const stop = (reason: unknown): void => {
      unpacker.destroy();
      reject(reason);
    };
    unpacker.on('data', (piece: Buffer) => {
      if (into.byteLength + piece.byteLength > maxBytes) {
        stop(tooLarge());
        return;
      }
      try {
        into.append(piece);
      } catch (thrown) {
        stop(thrown);
      }
    });
    unpacker.on('error', (cause) => stop(broken(cause)));
    unpacker.on('end', resolve);
    unpacker.end(packed);
  });
}
