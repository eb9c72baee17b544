import type { Frame } from './frame-reader.ts';
import { ProtocolError, flags, frameTypes } from './protocol.ts';

interface FrameRule {
  readonly name: string;
  /** Whether it belongs to a stream, to the connection, or to either. */
  readonly of: 'stream' | 'connection' | 'either';
  readonly byteLength?: number;
}

/** Source: RFC 9113, section 6. */
const rules: Readonly<Record<number, FrameRule>> = {
  [frameTypes.data]: { name: 'DATA', of: 'stream' },
  [frameTypes.headers]: { name: 'HEADERS', of: 'stream' },
  [frameTypes.priority]: { name: 'PRIORITY', of: 'stream' },
  [frameTypes.reset]: { name: 'RST_STREAM', of: 'stream', byteLength: 4 },
  [frameTypes.settings]: { name: 'SETTINGS', of: 'connection' },
  [frameTypes.pushPromise]: { name: 'PUSH_PROMISE', of: 'stream' },
  [frameTypes.ping]: { name: 'PING', of: 'connection', byteLength: 8 },
  [frameTypes.goAway]: { name: 'GOAWAY', of: 'connection' },
  [frameTypes.windowUpdate]: { name: 'WINDOW_UPDATE', of: 'either', byteLength: 4 },
  [frameTypes.continuation]: { name: 'CONTINUATION', of: 'stream' },
};

const settingBytes = 6;
const minGoAwayBytes = 8;

/** @throws ProtocolError for a frame that cannot be what its type says. */
export function checkFrame({ type, flags: flag, streamId, start, end }: Frame): void {
  const rule = rules[type];
  if (rule === undefined) return;
  const { name, of, byteLength = end - start } = rule;
  const isOfStream = streamId !== 0;
  if (of !== 'either' && isOfStream !== (of === 'stream')) {
    throw new ProtocolError('PROTOCOL_ERROR', `${name} on stream ${streamId}`);
  }
  const isAck = (flag & flags.ack) !== 0;
  const isWrong =
    end - start !== byteLength ||
    (type === frameTypes.settings && (isAck ? end > start : (end - start) % settingBytes !== 0)) ||
    (type === frameTypes.goAway && end - start < minGoAwayBytes);
  if (isWrong) throw new ProtocolError('FRAME_SIZE_ERROR', `${name} of ${end - start} bytes`);
}

/** The payload without its padding. @throws ProtocolError when there is more padding than payload. */
export function withoutPadding(frame: Frame): Frame {
  if ((frame.flags & flags.padded) === 0) return frame;
  const start = frame.start + 1;
  const end = frame.end - (frame.bytes[frame.start] ?? 0);
  if (start > frame.end || end < start) {
    throw new ProtocolError('PROTOCOL_ERROR', 'a frame that is all padding');
  }
  return { ...frame, start, end };
}
