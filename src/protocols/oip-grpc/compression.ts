import { promisify } from 'node:util';
import { gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';
import { HeadwayError, invalidArgument } from '../../core/error.ts';

/** The codings of messages that are read. Answers are never compressed. */
export type MessageCoding = 'gzip' | 'deflate';

/** For `grpc-accept-encoding`. */
export const acceptedEncodings = 'identity,deflate,gzip';

const codings = {
  gzip: { unpack: promisify(gunzip), unpackSync: gunzipSync },
  deflate: { unpack: promisify(inflate), unpackSync: inflateSync },
} as const;

/** Below these sizes the work is cheaper than handing it to another thread. */
const inlinePackedBytes = 4 * 1024;
const inlinePlainBytes = 64 * 1024;

/**
 * Reads `grpc-encoding`; `undefined` for none and for `identity`.
 * @throws HeadwayError `unimplemented` for any other coding.
 */
export function parseMessageCoding(header: string | undefined): MessageCoding | undefined {
  if (header === undefined || header === 'identity') return undefined;
  if (header === 'gzip' || header === 'deflate') return header;
  throw new HeadwayError(
    'unimplemented',
    `The grpc-encoding '${header}' is not supported; supported are ${acceptedEncodings}.`,
  );
}

/**
 * Decompresses a message.
 * @throws HeadwayError `invalid_argument` when it is broken, `resource_exhausted` when it is longer
 * than `maxBytes`.
 */
export async function unpackMessage(
  packed: Uint8Array,
  coding: MessageCoding,
  maxBytes: number,
): Promise<Buffer> {
  const { unpack, unpackSync } = codings[coding];
  if (packed.byteLength <= inlinePackedBytes) {
    try {
      return unpackSync(packed, { maxOutputLength: Math.min(maxBytes, inlinePlainBytes) });
    } catch (thrown) {
      if (!isTooLarge(thrown)) throw brokenMessage(coding, thrown);
    }
  }
  try {
    return await unpack(packed, { maxOutputLength: maxBytes });
  } catch (thrown) {
    if (!isTooLarge(thrown)) throw brokenMessage(coding, thrown);
    throw new HeadwayError(
      'resource_exhausted',
      `Received message larger than max: it decompresses to more than ${maxBytes} bytes`,
    );
  }
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof RangeError && 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE';
}

function brokenMessage(coding: MessageCoding, cause: unknown): HeadwayError {
  return invalidArgument(`The message is not valid ${coding} data.`, { cause });
}
