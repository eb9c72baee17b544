import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { gatherBytes } from '../http/gather.ts';
import type { HeldBytes } from '../http/held-bytes.ts';
import { type ContentCoding, unpack } from '../http/unpack.ts';

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

export interface UnpackMessageOptions {
  readonly coding: ContentCoding;
  readonly maxBytes: number;
  /** How to have longer ones, for the error. */
  readonly limitHint: string;
  readonly held: HeldBytes;
}

/**
 * Decompresses a message.
 * @throws HeadwayError `invalid_argument` when it is broken, `resource_exhausted` when it is longer
 * than `maxBytes`, `unavailable` when there is no memory for it.
 */
export function unpackMessage(
  packed: Uint8Array,
  { coding, maxBytes, limitHint, held }: UnpackMessageOptions,
): Promise<Buffer> {
  const into = gatherBytes({ expectedBytes: undefined, maxBytes, alignedOffset: 0, held });
  return unpack(packed, {
    coding,
    maxBytes,
    into,
    tooLarge: () =>
      new HeadwayError(
        'resource_exhausted',
        `Received message larger than max: it decompresses to more than ${maxBytes} bytes${limitHint}`,
      ),
    broken: (cause) => invalidArgument(`The message is not valid ${coding} data.`, { cause }),
  });
}
