import { ProtocolError, initialSettings, maxUint31 } from './protocol.ts';
import { type Exchange, Http2Stream } from './stream.ts';

/** The streams of a connection that are under way. Source: RFC 9113, section 5.1. */
export class StreamTable {
  readonly #streams = new Map<number, Http2Stream>();
  #nextId: number;
  #isRetired = false;
  /** How many may be open at one time. */
  limit: number;
  /** What a new stream may send until the server opens its window. */
  sendWindow: number = initialSettings.windowBytes;

  constructor(firstId: number, limit: number) {
    this.#nextId = firstId;
    this.limit = limit;
  }

  get hasRoom(): boolean {
    return !this.#isRetired && this.#streams.size < this.limit;
  }

  /** Whether there is none any more, nor will be. */
  get isDone(): boolean {
    return this.#isRetired && this.#streams.size === 0;
  }

  /** Begins no more. */
  retire(): void {
    this.#isRetired = true;
  }

  /** Begins the next one; there must be room for it. */
  begin(exchange: Exchange): Http2Stream {
    const stream = new Http2Stream(this.#nextId, this.sendWindow, exchange);
    this.#streams.set(stream.id, stream);
    this.#nextId += 2;
    if (this.#nextId > maxUint31) this.#isRetired = true;
    return stream;
  }

  /**
   * `undefined` for one that is over.
   * @throws ProtocolError for one that was never begun.
   */
  find(id: number): Http2Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream === undefined && (id % 2 === 0 || id >= this.#nextId)) {
      throw new ProtocolError('PROTOCOL_ERROR', `a frame of stream ${id}, which is idle`);
    }
    return stream;
  }

  /** Ends one; whether it was under way. */
  delete(stream: Http2Stream): boolean {
    stream.unsent = undefined;
    return this.#streams.delete(stream.id);
  }

  [Symbol.iterator](): IterableIterator<Http2Stream> {
    return this.#streams.values();
  }
}
