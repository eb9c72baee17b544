import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { type ContentCoding, isTooLarge, unpack } from '../http/unpack.ts';

/** For `grpc-accept-encoding`. */
export const acceptedEncodings = 'identity,deflate,gzip';

/**
 * Reads `grpc-encoding`; `undefined` for none and for `identity`.
 * @throws HeadwayError `unimplemented` for any other coding.
 */
export function parseMessageCoding(header: string | undefined): ContentCoding | undefined {
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
  coding: ContentCoding,
  maxBytes: number,
): Promise<Buffer> {
  try {
    return await unpack(packed, coding, maxBytes);
  } catch (cause) {
    if (!isTooLarge(cause)) {
      throw invalidArgument(`The message is not valid ${coding} data.`, { cause });
    }
    throw new HeadwayError(
      'resource_exhausted',
      `Received message larger than max: it decompresses to more than ${maxBytes} bytes`,
    );
  }
}
