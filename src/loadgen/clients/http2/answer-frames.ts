import { HpackDecoder } from '../hpack/decoder.ts';
import type { Frame } from './frame-reader.ts';
import { withoutPadding } from './frame-rules.ts';
import { encodeWindowUpdate } from './frames.ts';
import { HeaderBlocks, RepeatedBlock } from './header-blocks.ts';
import type { Output } from './output.ts';
import { ProtocolError, flags, frameTypes } from './protocol.ts';
import type { StreamTable } from './stream-table.ts';
import type { Http2Stream } from './stream.ts';

/** How much servers may send before they are told that it has been read. */
export const receiveWindows: { readonly streamBytes: number; readonly connectionBytes: number } = {
  streamBytes: 4 * 1024 ** 2,
  connectionBytes: 16 * 1024 ** 2,
};

export interface AnswerFramesOptions {
  readonly streams: StreamTable;
  readonly output: Output;
  /** The answer on this stream is whole. */
  readonly onEnd: (stream: Http2Stream) => void;
}

/** Makes answers of the frames that they are in. Source: RFC 9113, section 8.1. */
export class AnswerFrames {
  readonly #options: AnswerFramesOptions;
  readonly #headerBlocks = new HeaderBlocks();
  readonly #decoder = new HpackDecoder();
  readonly #heads = new RepeatedBlock(this.#decoder);
  readonly #trailers = new RepeatedBlock(this.#decoder);
  #receivedBytes = 0;

  constructor(options: AnswerFramesOptions) {
    this.#options = options;
  }

  /** The server knows that it may have us remember nothing. */
  forbidTable(): void {
    this.#decoder.limit(0);
  }

  /**
   * Takes any frame, of answers or not.
   * @throws ProtocolError when no answer can have such a frame.
   */
  take(frame: Frame): void {
    const block = this.#headerBlocks.take(frame);
    if (block !== undefined) this.#takeBlock(block);
    else if (frame.type === frameTypes.data) this.#takeData(frame);
  }

  #takeBlock(block: Frame): void {
    const stream = this.#find(block.streamId);
    const isTrailers = stream?.hasHead === true;
    // Blocks of streams that are over change what the decoder remembers, too.
    const fields = (isTrailers ? this.#trailers : this.#heads).decode(block);
    if (stream === undefined) return;
    const isEnd = (block.flags & flags.endStream) !== 0;
    if (isTrailers) {
      if (!isEnd) throw new ProtocolError('PROTOCOL_ERROR', 'trailers that do not end the answer');
      stream.exchange.onTrailers(fields);
    } else if (/^1\d\d$/.test(fields[':status'] ?? '')) {
      // An interim answer; the one that counts follows.
      if (isEnd) throw new ProtocolError('PROTOCOL_ERROR', 'an interim answer that is the last');
      return;
    } else {
      stream.hasHead = true;
      stream.exchange.onHead(fields);
    }
    if (isEnd) this.#options.onEnd(stream);
  }

  #takeData(frame: Frame): void {
    const byteLength = frame.end - frame.start;
    this.#receivedBytes = this.#giveBack(0, this.#receivedBytes + byteLength);
    const stream = this.#find(frame.streamId);
    if (stream === undefined) return;
    if (!stream.hasHead) throw new ProtocolError('PROTOCOL_ERROR', 'a body before its head');
    const isEnd = (frame.flags & flags.endStream) !== 0;
    if (!isEnd) stream.receivedBytes = this.#giveBack(stream.id, stream.receivedBytes + byteLength);
    const { bytes, start, end } = withoutPadding(frame);
    if (end > start) stream.exchange.onBody(bytes, start, end);
    if (isEnd) this.#options.onEnd(stream);
  }

  #find(streamId: number): Http2Stream | undefined {
    const stream = this.#options.streams.find(streamId);
    if (stream?.isAnswered === true) {
      throw new ProtocolError('STREAM_CLOSED', 'an answer that goes on behind its end');
    }
    return stream;
  }

  /** Opens a window again once half of it is used; how much of it is used then. */
  #giveBack(streamId: number, receivedBytes: number): number {
    const { connectionBytes, streamBytes } = receiveWindows;
    const windowBytes = streamId === 0 ? connectionBytes : streamBytes;
    if (receivedBytes < windowBytes / 2) return receivedBytes;
    this.#options.output.append(encodeWindowUpdate(streamId, receivedBytes));
    return 0;
  }
}
