import type { Frame } from './frame-reader.ts';
import { ProtocolError, initialSettings, maxUint31, settingIds } from './protocol.ts';

/** What of a server's settings matters to a client; what it did not name stays as it was. */
export interface PeerSettings {
  readonly maxConcurrentStreams?: number;
  readonly initialWindowBytes?: number;
  readonly maxFrameBytes?: number;
}

const settingBytes = 6;
const largestFrameBytes = 2 ** 24 - 1;

/**
 * Reads a SETTINGS frame. Source: RFC 9113, section 6.5.2.
 * @throws ProtocolError for values that settings cannot have.
 */
export function readSettings({ bytes, start, end }: Frame): PeerSettings {
  const settings: { -readonly [Name in keyof PeerSettings]: PeerSettings[Name] } = {};
  for (let at = start; at < end; at += settingBytes) {
    const value = bytes.readUInt32BE(at + 2);
    switch (bytes.readUInt16BE(at)) {
      case settingIds.maxConcurrentStreams:
        settings.maxConcurrentStreams = value;
        break;
      case settingIds.initialWindowSize:
        if (value > maxUint31) {
          throw new ProtocolError('FLOW_CONTROL_ERROR', `an initial window of ${value} bytes`);
        }
        settings.initialWindowBytes = value;
        break;
      case settingIds.maxFrameSize:
        if (value < initialSettings.maxFrameBytes || value > largestFrameBytes) {
          throw new ProtocolError('PROTOCOL_ERROR', `frames of at most ${value} bytes`);
        }
        settings.maxFrameBytes = value;
        break;
      default:
      // What we send has no table, and no limit of headers that matters.
    }
  }
  return settings;
}
