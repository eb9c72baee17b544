import type { Socket } from 'node:net';
import { type ConnectionFailure, describeFailure } from '../connection-failure.ts';
import { AnswerFrames, receiveWindows } from './answer-frames.ts';
import type { CallBytes } from './call-bytes.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { checkFrame } from './frame-rules.ts';
import {
  connectionPreface,
  encodeAck,
  encodeGoAway,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
} from './frames.ts';
import { maxHeaderBytes } from './header-blocks.ts';
import { type ServerAddress, openSocket } from './open-socket.ts';
import { Output } from './output.ts';
import { type PeerSettings, readSettings } from './peer-settings.ts';
import {
  type ErrorName,
  ProtocolError,
  errorCode,
  errorName,
  flags,
  frameTypes,
  initialSettings,
  maxUint31,
  settingIds,
} from './protocol.ts';
import { RequestSender } from './request-sender.ts';
import { StreamTable } from './stream-table.ts';
import type { Exchange, Http2Stream } from './stream.ts';

export interface ConnectionOptions extends ServerAddress {
  /** How many streams may be open until the server says so. */
  readonly streamLimit: number;
  readonly onStreamLimit: (limit: number) => void;
  readonly onClose: () => void;
}

const ourSettings = encodeSettings([
  [settingIds.headerTableSize, 0],
  [settingIds.enablePush, 0],
  [settingIds.initialWindowSize, receiveWindows.streamBytes],
  [settingIds.maxHeaderListSize, maxHeaderBytes],
]);

/**
 * Of a request that is answered before it was sent, this much is sent all the same: servers take
 * many resets for an attack.
 */
const maxUnwantedBytes = 16_384;

const refusal: ConnectionFailure = {
  outcome: 'rejected',
  reason: 'the server refused the call unseen',
};

/** One connection of HTTP/2, from the client's side. Source: RFC 9113. */
export class Http2Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #sender: RequestSender;
  readonly #streams: StreamTable;
  readonly #answers: AnswerFrames;
  /** Whether the server has said what every server says first. */
  #isGreeted = false;
  #isBroken = false;
  /** The error for which the server said that it goes away. */
  #farewell = 'NO_ERROR';

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const reader = new FrameReader({
      onFrame: (frame) => this.#take(frame),
      onTooLong: (byteLength) =>
        this.#break(new ProtocolError('FRAME_SIZE_ERROR', `a frame of ${byteLength} bytes`)),
    });
    this.#socket = openSocket(options, (bytes, byteLength) => reader.push(bytes, byteLength));
    const output = new Output(this.#socket);
    const streams = new StreamTable(1, options.streamLimit);
    this.#output = output;
    this.#streams = streams;
    this.#sender = new RequestSender(output, (stream) => this.#sent(stream));
    this.#answers = new AnswerFrames({ streams, output, onEnd: (stream) => this.#finish(stream) });
    output.append(connectionPreface);
    output.append(ourSettings);
    const moreBytes = receiveWindows.connectionBytes - initialSettings.windowBytes;
    output.append(encodeWindowUpdate(0, moreBytes));
    this.#watch();
  }

  /** Whether it takes one more request now. */
  get hasRoom(): boolean {
    return this.#streams.hasRoom;
  }

  /** Sends a request; there must be room for it. */
  open(call: CallBytes, exchange: Exchange): Http2Stream {
    const stream = this.#streams.begin(exchange);
    this.#sender.begin(stream, call);
    return stream;
  }

  /** Takes a request back; its exchange hears no more. */
  cancel(stream: Http2Stream): void {
    if (!this.#forget(stream)) return;
    stream.isAnswered = true;
    this.#output.append(encodeReset(stream.id, 'CANCEL'));
    this.#closeIfDone();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #watch(): void {
    let error: NodeJS.ErrnoException | undefined;
    this.#socket.on('drain', () => this.#sender.sendWaiting());
    this.#socket.on('end', () => {
      this.#streams.retire();
      // No more answers come. To wait until all is sent could be to wait for ever.
      this.#socket.destroy();
    });
    this.#socket.on('error', (thrown) => (error = thrown));
    this.#socket.on('close', () => {
      this.#isBroken = true;
      this.#fail(this.#withFarewell(describeFailure(error)));
      this.#options.onClose();
    });
  }

  #take(frame: Frame): void {
    if (this.#isBroken) return;
    try {
      if (!this.#isGreeted) this.#expectGreeting(frame);
      checkFrame(frame);
      this.#answers.take(frame);
      this.#takeControl(frame);
    } catch (thrown) {
      if (!(thrown instanceof ProtocolError)) throw thrown;
      this.#break(thrown);
    }
  }

  #expectGreeting({ type, flags: flag }: Frame): void {
    if (type !== frameTypes.settings || (flag & flags.ack) !== 0) {
      throw new ProtocolError('PROTOCOL_ERROR', 'another frame before the settings');
    }
    this.#isGreeted = true;
    this.#limitStreams(Infinity);
  }

  /** Takes what is not part of an answer; unknown types are passed over. */
  #takeControl(frame: Frame): void {
    switch (frame.type) {
      case frameTypes.reset:
        return this.#takeReset(frame);
      case frameTypes.settings:
        return this.#takeSettings(frame);
      case frameTypes.ping:
        return this.#takePing(frame);
      case frameTypes.goAway:
        return this.#takeGoAway(frame);
      case frameTypes.windowUpdate:
        return this.#takeWindowUpdate(frame);
      case frameTypes.pushPromise:
        throw new ProtocolError('PROTOCOL_ERROR', 'a push, which we do not allow');
      default:
    }
  }

  #takeReset({ bytes, start, streamId }: Frame): void {
    const stream = this.#streams.find(streamId);
    if (stream === undefined) return;
    const code = bytes.readUInt32BE(start);
    const isRefused = code === errorCode('REFUSED_STREAM');
    const reason = `the server reset the call: ${errorName(code)}`;
    this.#end(stream, isRefused ? refusal : { outcome: 'disconnected', reason });
  }

  #takeSettings(frame: Frame): void {
    if ((frame.flags & flags.ack) !== 0) return this.#answers.forbidTable();
    this.#apply(readSettings(frame));
    this.#output.appendAck(encodeAck(frameTypes.settings, new Uint8Array(0)));
  }

  #apply({ maxConcurrentStreams, initialWindowBytes, maxFrameBytes }: PeerSettings): void {
    if (maxConcurrentStreams !== undefined) this.#limitStreams(maxConcurrentStreams);
    if (maxFrameBytes !== undefined) this.#sender.maxFrameBytes = maxFrameBytes;
    if (initialWindowBytes === undefined) return;
    const moreBytes = initialWindowBytes - this.#streams.sendWindow;
    this.#streams.sendWindow = initialWindowBytes;
    for (const stream of this.#streams) this.#sender.widenStream(stream, moreBytes);
  }

  #limitStreams(limit: number): void {
    this.#streams.limit = limit;
    this.#options.onStreamLimit(limit);
  }

  #takePing({ flags: flag, bytes, start, end }: Frame): void {
    if ((flag & flags.ack) !== 0) return;
    this.#output.appendAck(encodeAck(frameTypes.ping, bytes.subarray(start, end)));
  }

  #takeGoAway({ bytes, start }: Frame): void {
    this.#streams.retire();
    const lastStreamId = bytes.readUInt32BE(start) & maxUint31;
    this.#farewell = errorName(bytes.readUInt32BE(start + 4));
    const failure = this.#withFarewell(refusal);
    for (const stream of this.#streams) {
      if (stream.id > lastStreamId) this.#end(stream, failure);
    }
    this.#closeIfDone();
  }

  #withFarewell(failure: ConnectionFailure): ConnectionFailure {
    if (this.#farewell === 'NO_ERROR') return failure;
    return { ...failure, reason: `${failure.reason}: ${this.#farewell}` };
  }

  #takeWindowUpdate({ bytes, start, streamId }: Frame): void {
    const moreBytes = bytes.readUInt32BE(start) & maxUint31;
    if (moreBytes === 0) throw new ProtocolError('PROTOCOL_ERROR', 'a window update of 0 bytes');
    if (streamId === 0) return this.#sender.widen(moreBytes);
    const stream = this.#streams.find(streamId);
    if (stream !== undefined) this.#sender.widenStream(stream, moreBytes);
  }

  /** The answer is whole; the request may not be. */
  #finish(stream: Http2Stream): void {
    // Its exchange may have taken the request back because of what came last.
    if (stream.isAnswered) return;
    const unsentBytes = stream.unsent?.byteLength ?? 0;
    // What the server's window is too small for may never be taken.
    if (unsentBytes === 0 || unsentBytes > Math.min(maxUnwantedBytes, stream.sendWindow)) {
      if (unsentBytes > 0) this.#output.append(encodeReset(stream.id, 'CANCEL'));
      this.#forget(stream);
    }
    stream.isAnswered = true;
    stream.exchange.onEnd();
    this.#closeIfDone();
  }

  /** The request is whole; the answer may be, too. */
  #sent(stream: Http2Stream): void {
    if (!stream.isAnswered) return;
    this.#forget(stream);
    this.#closeIfDone();
  }

  #end(stream: Http2Stream, failure: ConnectionFailure): void {
    if (!this.#forget(stream)) return;
    if (!stream.isAnswered) stream.exchange.onFailure(failure);
    this.#closeIfDone();
  }

  /** Ends a stream; whether it was under way. */
  #forget(stream: Http2Stream): boolean {
    this.#sender.drop(stream);
    return this.#streams.delete(stream);
  }

  #closeIfDone(): void {
    if (this.#streams.isDone) this.#close('NO_ERROR');
  }

  #close(error: ErrorName): void {
    this.#output.append(encodeGoAway(error));
    this.#output.flush();
    // What the server has not read by now, it may never read.
    this.#socket.destroy();
  }

  #break({ errorName: name, message }: ProtocolError): void {
    this.#isBroken = true;
    this.#close(name);
    this.#fail({
      outcome: 'failed',
      reason: this.#isGreeted ? `the server broke HTTP/2: ${message}` : 'the answer is not HTTP/2',
    });
  }

  #fail(failure: ConnectionFailure): void {
    this.#streams.retire();
    for (const stream of this.#streams) this.#end(stream, failure);
  }
}
