import { frameHeadBytes, initialSettings } from './protocol.ts';

/** A frame as it lies in what was received; good only during the call that gives it. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** 0 for the connection itself. */
  readonly streamId: number;
  readonly bytes: Buffer;
  /** Where in `bytes` the payload begins. */
  readonly start: number;
  readonly end: number;
}

export interface FrameEvents {
  readonly onFrame: (frame: Frame) => void;
  /** A frame is longer than we allow; nothing comes after this. */
  readonly onTooLong: (byteLength: number) => void;
}

/** We never allow longer ones. */
const maxFrameBytes = initialSettings.maxFrameBytes;

/**
 * Finds the frames in what a connection receives. Those that lie in one piece are given without
 * being copied; only one that goes on in the next piece is held. Source: RFC 9113, section 4.1.
 */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #held: Buffer = Buffer.allocUnsafeSlow(frameHeadBytes + maxFrameBytes);
  #heldBytes = 0;
  #isBroken = false;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  /** Takes the first `byteLength` bytes of what may be overwritten afterwards. */
  push(bytes: Buffer, byteLength: number): void {
    if (this.#isBroken) return;
    let at = this.#heldBytes === 0 ? 0 : this.#completeHeld(bytes, byteLength);
    while (!this.#isBroken && byteLength - at >= frameHeadBytes) {
      const end = this.#endOfFrame(bytes, at);
      if (end === undefined) return;
      if (end > byteLength) break;
      this.#give(bytes, at, end);
      at = end;
    }
    if (!this.#isBroken && at < byteLength) this.#hold(bytes, at, byteLength);
  }

  /** Adds to the held beginning of a frame until it is whole; the number of bytes taken. */
  #completeHeld(bytes: Buffer, byteLength: number): number {
    const at = this.#hold(bytes, 0, Math.min(byteLength, frameHeadBytes - this.#heldBytes));
    if (this.#heldBytes < frameHeadBytes) return at;
    const end = this.#endOfFrame(this.#held, 0);
    if (end === undefined) return byteLength;
    const next = this.#hold(bytes, at, Math.min(byteLength, at + end - this.#heldBytes));
    if (this.#heldBytes < end) return next;
    this.#heldBytes = 0;
    this.#give(this.#held, 0, end);
    return next;
  }

  /** Copies up to `end`, which is given back. */
  #hold(bytes: Buffer, start: number, end: number): number {
    if (end <= start) return start;
    bytes.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes += end - start;
    return end;
  }

  #endOfFrame(bytes: Buffer, start: number): number | undefined {
    const payloadBytes = bytes.readUIntBE(start, 3);
    if (payloadBytes <= maxFrameBytes) return start + frameHeadBytes + payloadBytes;
    this.#isBroken = true;
    this.#events.onTooLong(payloadBytes);
    return undefined;
  }

  #give(bytes: Buffer, start: number, end: number): void {
    this.#events.onFrame({
      type: bytes.readUInt8(start + 3),
      flags: bytes.readUInt8(start + 4),
      streamId: bytes.readUInt32BE(start + 5) & 0x7fff_ffff,
      bytes,
      start: start + frameHeadBytes,
      end,
    });
  }
}
