import { ProtocolError, initialSettings, maxUint31 } from './protocol.ts';
import { type Exchange, Http2Stream } from './stream.ts';

const firstSlotCount = 64;

/**
 * The streams of a connection that are under way. Source: RFC 9113, section 5.1.
 *
 * Each has the slot that its id names, modulo their number; an id whose slot is still taken is
 * passed over, which the protocol allows. A `Map` would keep streams alive that are over (see
 * docs/decisions/0011-rosters.md).
 */
export class StreamTable {
  /** A power of two of them. */
  #slots: (Http2Stream | undefined)[] = emptySlots(firstSlotCount);
  #size = 0;
  #nextId: number;
  #isRetired = false;
  /** How many may be open at one time. */
  limit: number;
  /** What a new stream may send until the server opens its window. */
  sendWindow: number = initialSettings.windowBytes;

  /** @param firstId odd. */
  constructor(firstId: number, limit: number) {
    this.#nextId = firstId;
    this.limit = limit;
  }

  get hasRoom(): boolean {
    return !this.#isRetired && this.#size < this.limit;
  }

  /** Whether there is none any more, nor will be. */
  get isDone(): boolean {
    return this.#isRetired && this.#size === 0;
  }

  /** Begins no more. */
  retire(): void {
    this.#isRetired = true;
  }

  /** Begins the next one; there must be room for it. */
  begin(exchange: Exchange): Http2Stream {
    const stream = new Http2Stream(this.#nextId, this.sendWindow, exchange);
    this.#slots[this.#slotOf(stream.id)] = stream;
    this.#size += 1;
    // With half of the slots free, few ids are passed over.
    if (this.#size * 2 > this.#slots.length) this.#grow();
    do this.#nextId += 2;
    while (this.#slots[this.#slotOf(this.#nextId)] !== undefined);
    if (this.#nextId > maxUint31) this.#isRetired = true;
    return stream;
  }

  /**
   * `undefined` for one that is over.
   * @throws ProtocolError for one that was never begun.
   */
  find(id: number): Http2Stream | undefined {
    const stream = this.#slots[this.#slotOf(id)];
    if (stream?.id === id) return stream;
    if (id % 2 === 0 || id >= this.#nextId) {
      throw new ProtocolError('PROTOCOL_ERROR', `a frame of stream ${id}, which is idle`);
    }
    return undefined;
  }

  /** Ends one; whether it was under way. */
  delete(stream: Http2Stream): boolean {
    const slot = this.#slotOf(stream.id);
    if (this.#slots[slot] !== stream) return false;
    this.#slots[slot] = undefined;
    this.#size -= 1;
    return true;
  }

  /** In no order; they may be ended meanwhile. */
  *[Symbol.iterator](): Generator<Http2Stream> {
    for (const stream of this.#slots) if (stream !== undefined) yield stream;
  }

  #slotOf(id: number): number {
    return (id >>> 1) & (this.#slots.length - 1);
  }

  #grow(): void {
    const streams = [...this];
    this.#slots = emptySlots(this.#slots.length * 2);
    for (const stream of streams) this.#slots[this.#slotOf(stream.id)] = stream;
  }
}

function emptySlots(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined);
}
