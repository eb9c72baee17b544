import { Roster } from '../../../core/roster.ts';
import type { CallBytes } from './call-bytes.ts';
import { writeFrameHead } from './frames.ts';
import type { Output } from './output.ts';
import {
  ProtocolError,
  flags,
  frameHeadBytes,
  frameTypes,
  initialSettings,
  maxUint31,
} from './protocol.ts';
import type { Http2Stream } from './stream.ts';

/**
 * Sends requests as far as the peer's windows let it, and the rest when they are opened. Streams
 * that wait take turns, a frame each. Source: RFC 9113, sections 5.2 and 6.9.
 */
export class RequestSender {
  /** What the peer's settings say. */
  maxFrameBytes: number = initialSettings.maxFrameBytes;
  readonly #output: Output;
  readonly #onSent: (stream: Http2Stream) => void;
  /** Those that could send more, but for the connection. */
  readonly #waiting = new Roster<Http2Stream>();
  /** One turn for each of them. */
  #turns: Iterator<Http2Stream> = this.#waiting[Symbol.iterator]();
  /** Bytes of bodies that the peer takes on the whole connection. */
  #window: number = initialSettings.windowBytes;

  /** @param onSent is told when the rest of a request that had to wait is sent. */
  constructor(output: Output, onSent: (stream: Http2Stream) => void) {
    this.#output = output;
    this.#onSent = onSent;
  }

  /** Sends the headers, and the body as soon as can be. */
  begin(stream: Http2Stream, { bytes, headerBytes, idPlaces, body }: CallBytes): void {
    const bodyBytes = body.byteLength;
    const isAllowed = bodyBytes <= Math.min(this.#window, stream.sendWindow);
    const isFree = bodyBytes === 0 || (isAllowed && this.#waiting.size === 0);
    const isJoined = isFree && bytes.byteLength > headerBytes;
    const byteLength = isJoined ? bytes.byteLength : headerBytes;
    const start = this.#output.reserve(byteLength);
    bytes.copy(this.#output.bytes, start, 0, byteLength);
    for (const place of idPlaces) {
      if (place < byteLength) this.#output.bytes.writeUInt32BE(stream.id, start + place);
    }
    if (isJoined) {
      this.#window -= bodyBytes;
      stream.sendWindow -= bodyBytes;
    } else {
      stream.unsent = body;
      this.resume(stream);
    }
  }

  /** @throws ProtocolError when the peer opens the window too wide. */
  widen(byteLength: number): void {
    this.#window += byteLength;
    if (this.#window > maxUint31) throw tooWide();
    this.sendWaiting();
  }

  /**
   * Changes the window of one stream.
   * @throws ProtocolError when the peer opens it too wide.
   */
  widenStream(stream: Http2Stream, byteLength: number): void {
    stream.sendWindow += byteLength;
    if (stream.sendWindow > maxUint31) throw tooWide();
    this.resume(stream);
  }

  /** Lets a stream that was held back send again. */
  resume(stream: Http2Stream): void {
    if (stream.unsent === undefined || stream.turn !== undefined) return;
    stream.turn = this.#waiting.enter(stream);
    this.sendWaiting();
  }

  /** Sends nothing more of a stream. */
  drop(stream: Http2Stream): void {
    stream.unsent = undefined;
    this.#leave(stream);
  }

  /** Sends as much of the bodies that wait as the socket and the windows take. */
  sendWaiting(): void {
    if (this.#waiting.size === 0) return;
    this.#output.cork();
    while (this.#window > 0 && !this.#output.isFull) {
      const stream = this.#next();
      if (stream === undefined) break;
      if (!this.#sendFrame(stream)) this.#leave(stream);
    }
    this.#output.uncork();
  }

  #next(): Http2Stream | undefined {
    const turn = this.#turns.next();
    if (turn.done !== true) return turn.value;
    this.#turns = this.#waiting[Symbol.iterator]();
    const first = this.#turns.next();
    return first.done === true ? undefined : first.value;
  }

  #leave(stream: Http2Stream): void {
    if (stream.turn !== undefined) this.#waiting.leave(stream.turn);
    stream.turn = undefined;
  }

  /** Whether more of the stream can be sent. */
  #sendFrame(stream: Http2Stream): boolean {
    const { unsent, id } = stream;
    if (unsent === undefined) return false;
    const room = Math.min(this.maxFrameBytes, this.#window, stream.sendWindow);
    const byteLength = Math.min(room, unsent.byteLength);
    if (byteLength <= 0) return false;
    const isLast = byteLength === unsent.byteLength;
    const start = this.#output.reserve(frameHeadBytes);
    writeFrameHead(this.#output.bytes, start, {
      type: frameTypes.data,
      flags: isLast ? flags.endStream : 0,
      streamId: id,
      byteLength,
    });
    this.#output.writeShared(unsent.subarray(0, byteLength));
    this.#window -= byteLength;
    stream.sendWindow -= byteLength;
    stream.unsent = isLast ? undefined : unsent.subarray(byteLength);
    if (isLast) this.#onSent(stream);
    return !isLast;
  }
}

function tooWide(): ProtocolError {
  return new ProtocolError('FLOW_CONTROL_ERROR', 'a window of more than 2^31 - 1 bytes');
}
