import { type AnswerEnding, badEnding } from './answer-ending.ts';

/** Most bytes that a client keeps of all the answers in flight. */
export const maxAnswerBytes: number = 256 * 1024 ** 2;

/** What the answers in flight may take, all together. */
export class AnswerRoom {
  /** How a request ends whose answer finds no room. */
  readonly full: AnswerEnding;
  #freeBytes: number;

  constructor(maxBytes: number) {
    this.full = badEnding('failed', `the answers in flight have more than ${maxBytes} bytes`);
    this.#freeBytes = maxBytes;
  }

  /** Whether there was room for so much. */
  take(byteLength: number): boolean {
    if (byteLength > this.#freeBytes) return false;
    this.#freeBytes -= byteLength;
    return true;
  }

  giveBack(byteLength: number): void {
    this.#freeBytes += byteLength;
  }
}

/** The body of one answer, kept until it is whole. */
export class KeptAnswer {
  readonly #room: AnswerRoom;
  #pieces: Buffer[] = [];
  #byteLength = 0;

  constructor(room: AnswerRoom) {
    this.#room = room;
  }

  /** Takes a piece, which must stay as it is. @returns how the request ends, without room for it. */
  push(piece: Buffer): AnswerEnding | undefined {
    if (!this.#room.take(piece.byteLength)) return this.#room.full;
    this.#pieces.push(piece);
    this.#byteLength += piece.byteLength;
    return undefined;
  }

  /** All that has come. */
  join(): Buffer {
    const [first, ...others] = this.#pieces;
    return first !== undefined && others.length === 0 ? first : Buffer.concat(this.#pieces);
  }

  /** Gives its room to others; to be called once the request has ended, however it did. */
  drop(): void {
    this.#room.giveBack(this.#byteLength);
    this.#pieces = [];
    this.#byteLength = 0;
  }
}
