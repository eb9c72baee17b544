import type { IncomingMessage } from 'node:http';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { ByteBudget } from './limits.ts';

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** Whether all of it is JSON, for the error when it is too large. */
  readonly isJson: boolean;
  /** Every byte held is taken from it; the caller releases `HeldBody.heldBytes` when done. */
  readonly budget: ByteBudget;
  /**
   * The offset in the body that is to fall on a multiple of 64 in its ArrayBuffer, so that tensors
   * starting there can be used where they lie.
   */
  readonly alignedOffset: number;
}

/** A body, and what it took from the budget. */
export interface HeldBody {
  readonly bytes: Buffer;
  readonly heldBytes: number;
}

const alignmentBytes = 64;
const firstChunkedBytes = 16 * 1024;
const maxTinyPieces = 65_536;
const tinyPieceBytes = 1024;
/** After a refusal this much is read and dropped at least, so that the client reads the answer. */
const minDiscardBytes = 1024 * 1024;

/**
 * Reads a whole body into one buffer. With a Content-Length the buffer is made once; a chunked body
 * grows. After a refusal the rest of the body is discarded within bounds, so that the client gets to
 * read the answer.
 * @throws HeadwayError `invalid_argument` when the body is larger than `maxBytes` or comes in more
 * pieces than its size justifies, `unavailable` when the budget is used up, `cancelled` when the
 * client goes away before the end.
 */
export function readBody(request: IncomingMessage, options: ReadBodyOptions): Promise<HeldBody> {
  return new Promise((resolve, reject) => {
    const body = createBodyBuffer(request, options);
    let failed = false;
    let discardedBytes = 0;

    const refuse = (error: HeadwayError): void => {
      failed = true;
      body.drop();
      reject(error);
    };
    request.on('data', (piece: Buffer) => {
      if (failed) {
        discardedBytes += piece.byteLength;
        if (discardedBytes > Math.max(options.maxBytes, minDiscardBytes)) request.destroy();
        return;
      }
      const error = body.append(piece);
      if (error !== undefined) refuse(error);
    });
    request.on('end', () => {
      if (!failed) resolve(body.finish());
    });
    request.on('error', (cause) => {
      if (failed) return;
      refuse(
        new HeadwayError('cancelled', 'The client went away before its request was complete.', {
          cause,
        }),
      );
    });
    const error = body.open();
    if (error !== undefined) refuse(error);
  });
}

interface BodyBuffer {
  /** Makes room for a body of declared length. */
  open(): HeadwayError | undefined;
  append(piece: Buffer): HeadwayError | undefined;
  finish(): HeldBody;
  drop(): void;
}

function createBodyBuffer(request: IncomingMessage, options: ReadBodyOptions): BodyBuffer {
  const { maxBytes, budget, alignedOffset } = options;
  let buffer: Buffer | undefined;
  let heldBytes = 0;
  let length = 0;
  let pieces = 0;

  function grow(capacity: number): HeadwayError | undefined {
    if (!budget.tryTake(capacity - heldBytes)) return outOfBudget();
    const next = allocateAligned(capacity, alignedOffset, budget);
    if (buffer !== undefined) next.set(buffer.subarray(0, length));
    buffer = next;
    heldBytes = capacity;
    return undefined;
  }

  return {
    open() {
      const declared = Number(request.headers['content-length'] ?? 0);
      if (declared > maxBytes) return tooLarge(declared, options);
      return grow(declared);
    },
    append(piece) {
      const end = length + piece.byteLength;
      pieces += 1;
      if (end > maxBytes) return tooLarge(end, options);
      // Many tiny pieces cost far more than their bytes.
      if (pieces > maxTinyPieces && end < pieces * tinyPieceBytes) {
        return invalidArgument(
          `Chunked request body exceeds maximum of ${maxTinyPieces} non-empty chunks. Send fewer or larger HTTP chunks.`,
        );
      }
      if (buffer === undefined || end > buffer.byteLength) {
        const doubled = Math.max(firstChunkedBytes, 2 * length, end);
        const error = grow(Math.min(doubled, maxBytes));
        if (error !== undefined) return error;
      }
      buffer?.set(piece, length);
      length = end;
      return undefined;
    },
    finish: () => ({ bytes: (buffer ?? Buffer.alloc(0)).subarray(0, length), heldBytes }),
    drop() {
      budget.release(heldBytes);
      heldBytes = 0;
      buffer = undefined;
    },
  };
}

/** A buffer whose `alignedOffset` falls on a multiple of 64 in its ArrayBuffer. */
export function allocateAligned(
  byteLength: number,
  alignedOffset: number,
  budget: ByteBudget,
): Buffer {
  const memory = budget.memory(byteLength + alignmentBytes - 1);
  const misaligned = (memory.byteOffset + alignedOffset) % alignmentBytes;
  const start = misaligned === 0 ? 0 : alignmentBytes - misaligned;
  return memory.subarray(start, start + byteLength);
}

function tooLarge(byteLength: number, { maxBytes, isJson }: ReadBodyOptions): HeadwayError {
  const excess = isJson
    ? `The request JSON size of ${byteLength} bytes exceeds the maximum allowed input size of`
    : `The request body of ${byteLength} bytes exceeds the maximum allowed value of`;
  return invalidArgument(
    `${excess} ${maxBytes} bytes. Use --http-max-input-size to increase the limit.`,
  );
}

/** What a request gets when the bodies already held leave no room for its own. */
export function outOfBudget(): HeadwayError {
  return new HeadwayError('unavailable', 'The server holds too many request bodies; try again.', {
    retryAfterMs: 1000,
  });
}
