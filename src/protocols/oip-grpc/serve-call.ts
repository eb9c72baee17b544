import type { ServerHttp2Stream } from 'node:http2';
import { HeadwayError } from '../../core/error.ts';
import { type HeldBytes, holdBytes } from '../http/held-bytes.ts';
import type { ByteBudget } from '../http/limits.ts';
import type { ContentCoding } from '../http/unpack.ts';
import type { OpenCall } from './call.ts';
import { type Frame, type FrameReader, createFrameReader } from './codec/frames.ts';
import { unpackMessage } from './compression.ts';
import type { GrpcMethod, StreamHandler, StreamSender } from './method.ts';
import { createPatience } from './patience.ts';
import { type UnpackQueue, createUnpackQueue } from './unpack-queue.ts';

/** What the messages of a call are read with. */
export interface MessageReading {
  readonly coding: ContentCoding | undefined;
  readonly maxMessageBytes: number;
  /** How to have longer ones, for the error. */
  readonly limitHint: string;
  readonly budget: ByteBudget;
  /** From the first byte of a message to its last. */
  readonly messageTimeoutMs: number;
}

/** A call in progress, for the one who may have to stop it. */
export interface ServedCall {
  /** The server is stopping. */
  stop(): void;
  /** Called now and then: ends a call whose client does not come to the end of a message. */
  look(nowMs: number): void;
  closed(): void;
}

type UnaryMethod = Extract<GrpcMethod, { kind: 'unary' }>;
type StreamMethod = Extract<GrpcMethod, { kind: 'stream' }>;

/** Answers a call of one message, as soon as that message is complete. */
export function serveUnary(
  stream: ServerHttp2Stream,
  call: OpenCall,
  { method, reading }: { readonly method: UnaryMethod; readonly reading: MessageReading },
): ServedCall {
  const held = holdBytes(reading.budget);
  let messageCount = 0;
  let isAnswered = false;
  let isClosed = false;
  // An answer that is being made may still read the message. One that its client does not take is
  // memory as well, which is so bounded by what the client sent.
  const releaseWhenOver = (): void => {
    if (isClosed && (isAnswered || messageCount === 0)) held.release();
  };
  async function answer(frame: Frame): Promise<void> {
    try {
      const unpacked = frame.isCompressed ? await unpack(frame, reading, held) : frame.bytes;
      const answered = method.answer(unpacked, call.context);
      call.answer(answered instanceof Promise ? await answered : answered);
    } catch (thrown) {
      call.fail(thrown);
    } finally {
      isAnswered = true;
      releaseWhenOver();
    }
  }
  const reader = createFrameReader({
    maxBytes: reading.maxMessageBytes,
    limitHint: reading.limitHint,
    hold() {
      if (messageCount > 0) throw wrongCount('more than one');
      return held;
    },
    onMessage(frame) {
      messageCount += 1;
      void answer(frame);
    },
  });
  readInto(stream, call, reader);
  stream.on('end', () => {
    if (!reader.isBetweenMessages()) call.fail(cutShort());
    else if (messageCount === 0) call.fail(wrongCount('none'));
  });
  const patience = createPatience(reading.messageTimeoutMs);
  return {
    stop: () => {},
    look(nowMs) {
      if (patience.isOver(messageCount === 0 ? 0 : undefined, nowMs)) call.fail(tooSlow());
    },
    closed() {
      isClosed = true;
      releaseWhenOver();
    },
  };
}

/** Hands the messages of a stream to its method. */
export function serveStream(
  stream: ServerHttp2Stream,
  call: OpenCall,
  { method, reading }: { readonly method: StreamMethod; readonly reading: MessageReading },
): ServedCall {
  let isPausedByHandler = false;
  const throttle = (): void => {
    if (call.isOver) return;
    if (isPausedByHandler || queue.isFull()) stream.pause();
    else stream.resume();
  };
  function setPaused(isPaused: boolean): void {
    isPausedByHandler = isPaused;
    throttle();
  }
  const handler = method.open(createSender(stream, call, setPaused));
  const queue = createUnpackQueue({
    unpack: (frame, held) => unpack(frame, reading, held),
    onMessage: (message, done) => handler.onMessage(message, done),
    onFailure: (thrown) => call.fail(thrown),
    isOver: () => call.isOver,
    onChange: throttle,
  });
  let incomplete = holdBytes(reading.budget);
  let messageCount = 0;
  const reader = createFrameReader({
    maxBytes: reading.maxMessageBytes,
    limitHint: reading.limitHint,
    hold: () => incomplete,
    onMessage(frame) {
      messageCount += 1;
      const held = incomplete;
      incomplete = holdBytes(reading.budget);
      queue.add(frame, held);
    },
  });
  readInto(stream, call, reader);
  stream.on('drain', () => handler.onDrained());
  stream.on('end', () => {
    onEnd(call, { handler, reader, queue }).catch((thrown: unknown) => call.fail(thrown));
  });
  const patience = createPatience(reading.messageTimeoutMs);
  return {
    stop: () => handler.onStopping(),
    look(nowMs) {
      // A client is not to blame for what the server does not read.
      const isAwaited = !reader.isBetweenMessages() && !stream.isPaused();
      if (patience.isOver(isAwaited ? messageCount : undefined, nowMs)) call.fail(tooSlow());
    },
    closed() {
      incomplete.release();
      handler.onClosed();
    },
  };
}

function createSender(
  stream: ServerHttp2Stream,
  call: OpenCall,
  setPaused: (isPaused: boolean) => void,
): StreamSender {
  return {
    context: call.context,
    send: (message, onTaken) => call.send(message, onTaken),
    end: () => call.end(),
    fail: (thrown) => call.fail(thrown),
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    isFull: () => stream.writableNeedDrain,
  };
}

async function onEnd(
  call: OpenCall,
  {
    handler,
    reader,
    queue,
  }: {
    readonly handler: StreamHandler;
    readonly reader: FrameReader;
    readonly queue: UnpackQueue;
  },
): Promise<void> {
  if (!reader.isBetweenMessages()) {
    call.fail(cutShort());
    return;
  }
  await queue.settled();
  handler.onEnd();
}

function readInto(stream: ServerHttp2Stream, call: OpenCall, reader: FrameReader): void {
  stream.on('data', (piece: Buffer) => {
    if (call.isOver) return;
    try {
      reader.push(piece);
    } catch (thrown) {
      call.fail(thrown);
    }
  });
}

function unpack(
  frame: Frame,
  { coding, maxMessageBytes: maxBytes, limitHint }: MessageReading,
  held: HeldBytes,
): Promise<Buffer> {
  if (coding === undefined) {
    throw new HeadwayError(
      'internal',
      'A message has the flag of a compressed one, and the call names no grpc-encoding.',
    );
  }
  return unpackMessage(frame.bytes, { coding, maxBytes, limitHint, held });
}

function wrongCount(count: string): HeadwayError {
  return new HeadwayError('unimplemented', `The method takes one message; the call has ${count}.`);
}

function cutShort(): HeadwayError {
  return new HeadwayError('internal', 'The call ended in the middle of a message.');
}

function tooSlow(): HeadwayError {
  return new HeadwayError('deadline_exceeded', 'The message did not arrive in time.');
}
