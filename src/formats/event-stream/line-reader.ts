import { HeadwayError } from '../../core/error.ts';

/** Splits bytes into lines. */
export interface LineReader {
  /**
   * Takes the next piece, cut anywhere, and tells of every line it ends before it returns.
   * @throws HeadwayError `resource_exhausted` for a line that is too long, and what `onLine` throws.
   */
  push(piece: Uint8Array): void;
  /** Whether the last line has ended. */
  isAtLineStart(): boolean;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Lines end with a line feed, a carriage return, or one of each; `onLine` gets them without. */
export function createLineReader(maxBytes: number, onLine: (line: Uint8Array) => void): LineReader {
  let pieces: Uint8Array[] = [];
  let lineBytes = 0;
  let wasCarriageReturn = false;

  function hold(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    lineBytes += piece.byteLength;
    if (lineBytes > maxBytes) {
      throw new HeadwayError(
        'resource_exhausted',
        `The event stream holds a line of more than ${maxBytes} bytes.`,
      );
    }
    pieces.push(piece);
  }

  function endLine(): void {
    const [only] = pieces;
    const line = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
    pieces = [];
    lineBytes = 0;
    onLine(line);
  }

  return {
    push(piece) {
      let start = 0;
      for (let index = 0; index < piece.byteLength; index++) {
        const byte = piece[index];
        if (byte !== lineFeed && byte !== carriageReturn) continue;
        // A line feed behind a carriage return ends the same line, in this piece or the last.
        const isEmpty = index === start && lineBytes === 0;
        const isSecondHalf = byte === lineFeed && wasCarriageReturn && isEmpty;
        wasCarriageReturn = byte === carriageReturn;
        if (!isSecondHalf) {
          hold(piece.subarray(start, index));
          endLine();
        }
        start = index + 1;
      }
      if (start < piece.byteLength) {
        wasCarriageReturn = false;
        // A copy: whoever gives the piece may use its memory again.
        hold(new Uint8Array(piece.subarray(start)));
      }
    },
    isAtLineStart: () => lineBytes === 0,
  };
}
