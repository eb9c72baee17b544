import type { Socket } from 'node:net';
import process from 'node:process';

const chunkBytes = 65_536;

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
