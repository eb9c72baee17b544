import { type AnswerEnding, badEnding, outcomeOfStatus } from './answer-ending.ts';
import { errorText, parseObject } from './openai-chunk.ts';

/** Reads, in the server's own words, why it did not answer well. */
export interface RefusalReader {
  push(piece: Uint8Array): undefined;
  /** The body has ended. */
  finish(): AnswerEnding;
}

/** What comes behind so many bytes is not looked at. */
const maxRefusalBytes = 64 * 1024;

/** @param status another than 200 to 299. */
export function createRefusalReader(status: number): RefusalReader {
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  return {
    push(piece) {
      byteLength += piece.byteLength;
      if (byteLength <= maxRefusalBytes) pieces.push(piece);
    },
    finish() {
      const text = errorText(parseObject(Buffer.concat(pieces).toString()) ?? {}) ?? '';
      const reason = text === '' ? `HTTP status ${status}` : `HTTP status ${status}: ${text}`;
      return badEnding(outcomeOfStatus(status), reason);
    },
  };
}
