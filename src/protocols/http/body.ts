import type { IncomingMessage } from 'node:http';
import { HeadwayError, invalidArgument, toHeadwayError } from '../../core/error.ts';
import { type Gathering, gatherBytes } from './gather.ts';
import { type HeldBytes, holdBytes } from './held-bytes.ts';
import type { ByteBudget } from './limits.ts';

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** Whether all of it is JSON, for the error when it is too large. */
  readonly isJson: boolean;
  /** Every byte held is taken from it; the caller releases `HeldBody.held` when done. */
  readonly budget: ByteBudget;
  /**
   * The offset in the body that is to fall on a multiple of 64 in its ArrayBuffer, so that tensors
   * starting there can be used where they lie; not so in a body of at most 16 KiB.
   */
  readonly alignedOffset: number;
}

/** A body, and what it took from the budget. */
export interface HeldBody {
  readonly bytes: Buffer;
  readonly held: HeldBytes;
}

/** Who needs a small tensor aligned copies it at hardly any cost. */
const maxUnalignedBytes = 16 * 1024;
const maxTinyPieces = 65_536;
const tinyPieceBytes = 1024;
/** After a refusal this much is read and dropped at least, so that the client reads the answer. */
const minDiscardBytes = 1024 * 1024;

/**
 * Reads a whole body into one buffer. After a refusal the rest of the body is discarded within
 * bounds, so that the client gets to read the answer.
 * @throws HeadwayError `invalid_argument` when the body is larger than `maxBytes` or comes in more
 * pieces than its size justifies, `unavailable` when the budget is used up, `cancelled` when the
 * client goes away before the end.
 */
export function readBody(request: IncomingMessage, options: ReadBodyOptions): Promise<HeldBody> {
  return new Promise((resolve, reject) => {
    const { 'content-length': declared, 'transfer-encoding': coding } = request.headers;
    const expectedBytes = coding === undefined ? Number(declared ?? 0) : undefined;
    const held = holdBytes(options.budget);
    const body = gatherBody(expectedBytes, { ...options, held });
    let failed = false;
    let discardedBytes = 0;

    const refuse = (error: HeadwayError): void => {
      failed = true;
      held.release();
      reject(error);
    };
    request.on('data', (piece: Buffer) => {
      if (failed) {
        discardedBytes += piece.byteLength;
        if (discardedBytes > Math.max(options.maxBytes, minDiscardBytes)) request.destroy();
        return;
      }
      try {
        body.append(piece);
      } catch (thrown) {
        refuse(toHeadwayError(thrown));
      }
    });
    request.on('end', () => {
      if (!failed) resolve({ bytes: body.finish(), held });
    });
    request.on('error', (cause) => {
      if (failed) return;
      refuse(
        new HeadwayError('cancelled', 'The client went away before its request was complete.', {
          cause,
        }),
      );
    });
    if (expectedBytes !== undefined && expectedBytes > options.maxBytes) {
      refuse(tooLarge(expectedBytes, options));
    }
  });
}

interface BodyGathering {
  /** @throws HeadwayError when the piece is refused. */
  append(piece: Buffer): void;
  finish(): Buffer;
}

function gatherBody(
  expectedBytes: number | undefined,
  options: ReadBodyOptions & { readonly held: HeldBytes },
): BodyGathering {
  const { maxBytes, held } = options;
  let whole: Buffer | undefined;
  let gathering: Gathering | undefined;
  let pieces = 0;
  return {
    append(piece) {
      if (piece.byteLength === expectedBytes && piece.byteLength <= maxUnalignedBytes) {
        held.take(piece.byteLength);
        whole = piece;
        return;
      }
      gathering ??= gatherBytes({ ...options, expectedBytes });
      const end = gathering.byteLength + piece.byteLength;
      pieces += 1;
      if (end > maxBytes) throw tooLarge(end, options);
      // Many tiny pieces cost far more than their bytes.
      if (pieces > maxTinyPieces && end < pieces * tinyPieceBytes) {
        throw invalidArgument(
          `Chunked request body exceeds maximum of ${maxTinyPieces} non-empty chunks. Send fewer or larger HTTP chunks.`,
        );
      }
      gathering.append(piece);
    },
    finish: () => whole ?? gathering?.finish() ?? Buffer.alloc(0),
  };
}

function tooLarge(byteLength: number, { maxBytes, isJson }: ReadBodyOptions): HeadwayError {
  const excess = isJson
    ? `The request JSON size of ${byteLength} bytes exceeds the maximum allowed input size of`
    : `The request body of ${byteLength} bytes exceeds the maximum allowed value of`;
  return invalidArgument(
    `${excess} ${maxBytes} bytes. Use --http-max-input-size to increase the limit.`,
  );
}
