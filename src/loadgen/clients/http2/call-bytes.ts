import { encodeHeaderBlock } from '../hpack/encode-block.ts';
import type { HeaderField } from '../hpack/static-table.ts';
import { encodeFrame, streamIdPlace } from './frames.ts';
import { flags, frameHeadBytes, frameTypes, initialSettings } from './protocol.ts';

/** A request as it goes out, but for the id of its stream. */
export interface CallBytes {
  /** HEADERS, CONTINUATION where they are long, and DATA behind them where the body is small. */
  readonly bytes: Buffer;
  /** How much of `bytes` comes before the body. */
  readonly headerBytes: number;
  /** Where in `bytes` the id of the stream goes. */
  readonly idPlaces: readonly number[];
  readonly body: Uint8Array;
}

/** Peers take frames of this size whatever their settings are. */
const maxFrameBytes = initialSettings.maxFrameBytes;

/** @param fields those that begin with a colon come first. */
export function makeCallBytes(fields: readonly HeaderField[], body: Uint8Array): CallBytes {
  const block = encodeHeaderBlock(fields);
  const frames: Buffer[] = [];
  for (let start = 0; start === 0 || start < block.byteLength; start += maxFrameBytes) {
    const end = start + maxFrameBytes;
    const type = start === 0 ? frameTypes.headers : frameTypes.continuation;
    const flag = end >= block.byteLength ? flags.endHeaders : 0;
    frames.push(encodeFrame({ type, flags: flag, streamId: 0 }, block.subarray(start, end)));
  }
  const headerBytes = block.byteLength + frames.length * frameHeadBytes;
  if (body.byteLength <= maxFrameBytes) {
    frames.push(encodeFrame({ type: frameTypes.data, flags: flags.endStream, streamId: 0 }, body));
  }
  let at = 0;
  const idPlaces = frames.map((frame) => {
    const place = at + streamIdPlace;
    at += frame.byteLength;
    return place;
  });
  return { bytes: Buffer.concat(frames), headerBytes, idPlaces, body };
}
