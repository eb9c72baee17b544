import type { Socket } from 'node:net';

/** Frame types of HTTP/2 that the load client knows. Source: RFC 9113, section 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

const frameHeadBytes = 9;
const grpcPrefixBytes = 5;

/** What comes in on a connection. */
export interface FrameEvents {
  /** A message of an answer is complete. */
  readonly message: (id: number) => void;
  /** A call is over. */
  readonly end: (id: number) => void;
  readonly fail: (text: string) => void;
}

interface IncomingFrame {
  readonly type: number;
  readonly flag: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** One frame, ready to be written. */
export function frame(
  type: number,
  content: { readonly flags: number; readonly id: number; readonly payload: Uint8Array },
): Buffer {
  const { payload } = content;
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.byteLength);
  bytes.writeUIntBE(payload.byteLength, 0, 3);
  bytes[3] = type;
  bytes[4] = content.flags;
  bytes.writeUInt32BE(content.id, 5);
  bytes.set(payload, frameHeadBytes);
  return bytes;
}

/** A number as frames hold it. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Splits what comes in into frames, answers those of the connection, and tells of messages. */
export function readFrames(socket: Socket, events: FrameEvents): void {
  let pending: Buffer = Buffer.alloc(0);
  const takeFrame = createFrameTaker(socket, events);
  socket.on('data', (chunk: Buffer) => {
    pending = pending.byteLength === 0 ? chunk : Buffer.concat([pending, chunk]);
    let offset = 0;
    let receivedBytes = 0;
    while (pending.byteLength - offset >= frameHeadBytes) {
      const end = offset + frameHeadBytes + pending.readUIntBE(offset, 3);
      if (end > pending.byteLength) break;
      const payload = pending.subarray(offset + frameHeadBytes, end);
      const [type = 0, flag = 0] = pending.subarray(offset + 3, offset + 5);
      if (type === frameTypes.data) receivedBytes += payload.byteLength;
      takeFrame({ type, flag, id: pending.readUInt32BE(offset + 5), payload });
      offset = end;
    }
    pending = pending.subarray(offset);
    if (receivedBytes === 0 || socket.writableEnded || socket.destroyed) return;
    const payload = uint32(receivedBytes);
    socket.write(frame(frameTypes.windowUpdate, { flags: 0, id: 0, payload }));
  });
}

function createFrameTaker(socket: Socket, events: FrameEvents): (incoming: IncomingFrame) => void {
  const missingBytes = new Map<number, number>();
  const acknowledge = (type: number, payload: Buffer): void =>
    void socket.write(frame(type, { flags: flags.ack, id: 0, payload }));
  const takeData = (id: number, payload: Buffer): void => {
    // Messages do not share frames here: each is written by itself.
    const missing = missingBytes.get(id) ?? payload.readUInt32BE(1) + grpcPrefixBytes;
    if (missing > payload.byteLength) missingBytes.set(id, missing - payload.byteLength);
    else {
      missingBytes.delete(id);
      events.message(id);
    }
  };
  return ({ type, flag, id, payload }) => {
    const isAck = (flag & flags.ack) !== 0;
    if (type === frameTypes.settings && !isAck) acknowledge(type, Buffer.alloc(0));
    else if (type === frameTypes.ping && !isAck) acknowledge(type, payload);
    else if (type === frameTypes.reset || type === frameTypes.goAway) {
      events.fail(`The server ended call ${id} with frame ${type}: ${payload.toString('hex')}`);
    } else if (type === frameTypes.data && payload.byteLength > 0) takeData(id, payload);
    if (type <= frameTypes.headers && (flag & flags.endStream) !== 0) events.end(id);
  };
}
