import type { Socket } from 'node:net';
import process from 'node:process';
import { ProtocolError } from './protocol.ts';

const chunkBytes = 65_536;

/** Most bytes of acknowledgements that wait for the peer to read them. */
const maxUnreadAckBytes = 32 * 1024 ** 2;

/**
 * What is written in one turn of the event loop to one socket, joined into as few writes as can be.
 * The memory is used again when the socket has taken it all.
 */
export class Output {
  readonly #socket: Socket;
  readonly #flush = (): void => this.flush();
  #bytes: Buffer = Buffer.allocUnsafeSlow(chunkBytes);
  /** From where on it is not written yet. */
  #start = 0;
  #end = 0;
  #isScheduled = false;
  /** At most so much of what the socket holds back acknowledges something. */
  #unreadAckBytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Where reserved bytes go; it changes with each reservation. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Whether the socket has enough to write for now. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Holds writes back, to make them one. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.flush();
    this.#socket.uncork();
  }

  /** Makes room for bytes that the caller fills in before it returns; their place in `bytes`. */
  reserve(byteLength: number): number {
    if (this.#end + byteLength > this.#bytes.byteLength) this.#makeRoom(byteLength);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      process.nextTick(this.#flush);
    }
    const place = this.#end;
    this.#end += byteLength;
    return place;
  }

  append(bytes: Uint8Array): void {
    const place = this.reserve(bytes.byteLength);
    this.#bytes.set(bytes, place);
  }

  /**
   * Appends what says that something of the peer's has come.
   * @throws ProtocolError when the peer asks for more of that than it reads.
   */
  appendAck(ack: Uint8Array): void {
    this.append(ack);
    const unreadBytes = Math.min(this.#unreadAckBytes, this.#socket.writableLength);
    this.#unreadAckBytes = unreadBytes + ack.byteLength;
    if (this.#unreadAckBytes <= maxUnreadAckBytes) return;
    const reason = 'it does not read what answers its pings and settings';
    throw new ProtocolError('ENHANCE_YOUR_CALM', reason);
  }

  /** Writes bytes without a copy, which must stay as they are. */
  writeShared(bytes: Uint8Array): void {
    this.flush();
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Writes what there is at once. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#start === this.#end) return;
    const ready = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (this.#socket.writable) this.#socket.write(ready);
  }

  #makeRoom(byteLength: number): void {
    this.flush();
    // What the socket holds back still points into this memory.
    if (this.#socket.writableLength > 0 || byteLength > this.#bytes.byteLength) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(chunkBytes, byteLength));
    }
    this.#start = 0;
    this.#end = 0;
  }
}
