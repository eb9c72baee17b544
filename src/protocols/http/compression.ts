import { promisify } from 'node:util';
import { deflate, deflateSync, gzip, gzipSync } from 'node:zlib';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { Gathering } from './gather.ts';
import { type ContentCoding, unpack } from './unpack.ts';

const codings = {
  gzip: { pack: promisify(gzip), packSync: gzipSync },
  deflate: { pack: promisify(deflate), packSync: deflateSync },
} as const;

/** Below this size the work is cheaper than handing it to another thread. */
const inlinePackBytes = 16 * 1024;

/**
 * Reads a Content-Encoding header; `undefined` for none and for `identity`.
 * @throws HeadwayError `unimplemented` for any other coding than gzip and deflate.
 */
export function parseContentCoding(header: string | undefined): ContentCoding | undefined {
  if (header === undefined) return undefined;
  const name = header.trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  if (name === 'gzip' || name === 'deflate') return name;
  throw new HeadwayError(
    'unimplemented',
    `Content-Encoding '${header}' is not supported; use gzip, deflate or none.`,
  );
}

/**
 * Picks the coding an Accept-Encoding header prefers: the highest q-value, gzip at a tie;
 * `undefined` for the plain body, which is also what a header that names neither gets.
 */
export function negotiateCoding(header: string | undefined): ContentCoding | undefined {
  if (header === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const entry of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    if (name !== '') weights.set(name, weight >= 0 && weight <= 1 ? weight : 0);
  }
  const others = weights.get('*') ?? 0;
  const gzipWeight = weights.get('gzip') ?? others;
  const deflateWeight = weights.get('deflate') ?? others;
  const best = Math.max(gzipWeight, deflateWeight);
  if (best === 0 || (weights.get('identity') ?? 0) > best) return undefined;
  return gzipWeight === best ? 'gzip' : 'deflate';
}

export interface UnpackBodyOptions {
  readonly coding: ContentCoding;
  readonly maxBytes: number;
  /** Gets the plain body. */
  readonly into: Gathering;
}

/**
 * Decompresses a request body.
 * @throws HeadwayError `invalid_argument` when the body is broken or larger than `maxBytes`,
 * `unavailable` when there is no memory for it.
 */
export function unpackBody(bytes: Buffer, options: UnpackBodyOptions): Promise<Buffer> {
  const { coding, maxBytes } = options;
  return unpack(bytes, {
    ...options,
    tooLarge: () =>
      invalidArgument(
        `The request body decompresses to more bytes: it exceeds the maximum allowed value of ${maxBytes} bytes. Use --http-max-input-size to increase the limit.`,
      ),
    broken: (cause) => invalidArgument(`The request body is not valid ${coding} data.`, { cause }),
  });
}

/** Compresses an answer at the fastest level. */
export async function packBody(bytes: Uint8Array, coding: ContentCoding): Promise<Buffer> {
  const { pack, packSync } = codings[coding];
  const options = { level: 1 };
  return bytes.byteLength <= inlinePackBytes ? packSync(bytes, options) : pack(bytes, options);
}
