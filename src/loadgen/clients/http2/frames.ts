import { type ErrorName, errorCode, flags, frameHeadBytes, frameTypes } from './protocol.ts';

export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly byteLength: number;
}

/** What a client says first. Source: RFC 9113, section 3.4. */
export const connectionPreface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Where the id of the stream lies in a frame. */
export const streamIdPlace = 5;

/** Source: RFC 9113, section 4.1. */
export function writeFrameHead(target: Buffer, at: number, head: FrameHead): void {
  target.writeUIntBE(head.byteLength, at, 3);
  target.writeUInt8(head.type, at + 3);
  target.writeUInt8(head.flags, at + 4);
  target.writeUInt32BE(head.streamId, at + streamIdPlace);
}

export function encodeFrame(head: Omit<FrameHead, 'byteLength'>, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + payload.byteLength);
  writeFrameHead(frame, 0, { ...head, byteLength: payload.byteLength });
  frame.set(payload, frameHeadBytes);
  return frame;
}

/** Source: RFC 9113, section 6.5. */
export function encodeSettings(
  settings: readonly (readonly [id: number, value: number])[],
): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [place, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * place);
    payload.writeUInt32BE(value, 6 * place + 2);
  }
  return encodeFrame({ type: frameTypes.settings, flags: 0, streamId: 0 }, payload);
}

/** Says that settings, or a ping with this payload, have come. Source: RFC 9113, 6.5.3 and 6.7. */
export function encodeAck(type: number, payload: Uint8Array): Buffer {
  return encodeFrame({ type, flags: flags.ack, streamId: 0 }, payload);
}

/** Lets the peer send so many bytes more. Source: RFC 9113, section 6.9. */
export function encodeWindowUpdate(streamId: number, byteLength: number): Buffer {
  return encodeFrame({ type: frameTypes.windowUpdate, flags: 0, streamId }, uint32(byteLength));
}

/** Ends one stream. Source: RFC 9113, section 6.4. */
export function encodeReset(streamId: number, error: ErrorName): Buffer {
  return encodeFrame({ type: frameTypes.reset, flags: 0, streamId }, uint32(errorCode(error)));
}

/** Ends the connection; servers have begun no streams. Source: RFC 9113, section 6.8. */
export function encodeGoAway(error: ErrorName): Buffer {
  const payload = Buffer.concat([uint32(0), uint32(errorCode(error))]);
  return encodeFrame({ type: frameTypes.goAway, flags: 0, streamId: 0 }, payload);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
