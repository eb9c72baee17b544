import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  constants,
} from 'node:http2';
import { createSystemClock } from '../core/clock.ts';
import { HeadwayError } from '../core/error.ts';
import { createFrameReader, frameMessage } from '../protocols/oip-grpc/codec/frames.ts';
import { codeOfGrpcStatus, decodeGrpcMessage } from '../protocols/oip-grpc/codec/status.ts';
import { formatGrpcTimeout } from '../protocols/oip-grpc/codec/timeout.ts';

export interface GrpcCallOptions {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** From now; told to the server, and kept here too. */
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A message in pieces. */
export type MessagePieces = readonly Uint8Array[];

/** A call under way. */
export interface GrpcCall {
  readonly isOver: boolean;
  /** Whether the server gave the call back unseen: it may be made again. */
  readonly wasRefused: boolean;
  /** Resolves when more may be sent; at once when the call is over. */
  send(message: MessagePieces): Promise<void>;
  /** Tells that nothing more is sent. */
  end(): void;
  /** Takes the call back; `reason` is what `messages` throws then. */
  cancel(reason: unknown): void;
  /**
   * The messages of the answer; leaving the loop takes the call back.
   * @throws HeadwayError when the call fails, with its status.
   */
  messages(): AsyncGenerator<Buffer>;
  /** The metadata before the answer; empty as long as there is none. */
  headers(): IncomingHttpHeaders;
}

/** What a call needs beside its own options. */
export interface CallSurroundings {
  readonly maxMessageBytes: number;
  /** For error messages. */
  readonly origin: string;
  readonly onClosed: () => void;
}

/** @throws HeadwayError `cancelled` when the signal is aborted already. */
export function beginCall(
  session: ClientHttp2Session,
  options: GrpcCallOptions,
  { maxMessageBytes, origin, onClosed }: CallSurroundings,
): GrpcCall {
  const { path, deadlineMs, signal } = options;
  if (signal?.aborted === true) throw aborted();
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(deadlineMs === undefined ? {} : { 'grpc-timeout': formatGrpcTimeout(deadlineMs) }),
    ...options.headers,
  });
  const outcome = watchOutcome(stream, origin);
  const early = watchForEnd(stream, options);
  stream.on('close', onClosed);

  return {
    get isOver() {
      return stream.closed;
    },
    get wasRefused() {
      return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    },
    send: (message) => sendMessage(stream, message),
    end() {
      if (stream.writable) stream.end();
    },
    cancel: early.cancel,
    async *messages() {
      let isLeft = true;
      try {
        yield* readMessages(stream, maxMessageBytes);
        isLeft = false;
      } catch (thrown) {
        isLeft = false;
        // What the reader of frames says; a broken stream tells of itself when it closes.
        if (thrown instanceof HeadwayError) early.cancel(thrown);
      } finally {
        if (isLeft) early.cancel(aborted());
      }
      await outcome.closed;
      const failure = early.failure() ?? outcome.failure();
      if (failure !== undefined) throw failure.reason;
    },
    headers: outcome.headers,
  };
}

/** A call that its own side may end: by its signal, its deadline, or a word. */
interface EarlyEnd {
  cancel(reason: unknown): void;
  /** Why it was ended; `undefined` when it was not. */
  failure(): { readonly reason: unknown } | undefined;
}

function watchForEnd(stream: ClientHttp2Stream, { signal, deadlineMs }: GrpcCallOptions): EarlyEnd {
  let failure: { readonly reason: unknown } | undefined;
  const cancel = (reason: unknown): void => {
    failure ??= { reason };
    if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
  };
  const onAbort = (): void => cancel(aborted());
  signal?.addEventListener('abort', onAbort);
  const stopTimer =
    deadlineMs === undefined
      ? undefined
      : createSystemClock().schedule(deadlineMs, () => cancel(deadlinePassed(deadlineMs)));
  stream.on('close', () => {
    signal?.removeEventListener('abort', onAbort);
    stopTimer?.();
  });
  return { cancel, failure: () => failure };
}

async function* readMessages(
  stream: ClientHttp2Stream,
  maxBytes: number,
): AsyncGenerator<Buffer, void> {
  const ready: Buffer[] = [];
  const reader = createFrameReader({
    maxBytes,
    onMessage({ isCompressed, bytes }) {
      if (isCompressed) {
        throw new HeadwayError('internal', 'The server compressed an answer without being asked.');
      }
      ready.push(bytes);
    },
  });
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    reader.push(piece as Buffer);
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) yield next;
  }
  if (!reader.isBetweenMessages()) {
    throw new HeadwayError('unavailable', 'The answer ended in the middle of a message.');
  }
}

function sendMessage(stream: ClientHttp2Stream, message: MessagePieces): Promise<void> {
  if (!stream.writable) return Promise.resolve();
  stream.cork();
  for (const piece of frameMessage(message, { isCompressed: false })) stream.write(piece);
  stream.uncork();
  if (!stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

interface Outcome {
  readonly closed: Promise<void>;
  /** Once it is closed; `undefined` when the status is good. */
  failure(): { readonly reason: HeadwayError } | undefined;
  headers(): IncomingHttpHeaders;
}

function watchOutcome(stream: ClientHttp2Stream, origin: string): Outcome {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  let broken: Error | undefined;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  stream.on('response', (received) => (headers = received));
  stream.on('trailers', (received) => (trailers = received));
  stream.on('error', (error) => (broken = error));
  stream.on('close', resolve);
  return {
    closed,
    failure() {
      // An answer without messages has its status in its head.
      const last = { ...headers, ...trailers };
      const status = last['grpc-status'];
      if (status === '0') return undefined;
      if (status !== undefined) return { reason: statusError(Number(status), last) };
      const reason = broken?.cause instanceof Error ? broken.cause : broken;
      const httpStatus = Number(headers[':status'] ?? 200);
      const text =
        httpStatus === 200
          ? reason?.message || `the call was cut off (HTTP/2 code ${stream.rstCode})`
          : `it answered HTTP status ${httpStatus} and not gRPC`;
      return { reason: new HeadwayError('unavailable', `No answer from ${origin}: ${text}.`) };
    },
    headers: () => headers,
  };
}

function statusError(status: number, trailers: IncomingHttpHeaders): HeadwayError {
  const text = trailers['grpc-message'];
  const retryAfterMs = Number(trailers['grpc-retry-pushback-ms']);
  const message =
    typeof text === 'string'
      ? decodeGrpcMessage(text)
      : `The server answered with gRPC status ${status}.`;
  return retryAfterMs > 0
    ? new HeadwayError(codeOfGrpcStatus(status), message, { retryAfterMs })
    : new HeadwayError(codeOfGrpcStatus(status), message);
}

function aborted(): HeadwayError {
  return new HeadwayError('cancelled', 'The request was aborted by its signal.');
}

function deadlinePassed(deadlineMs: number): HeadwayError {
  return new HeadwayError(
    'deadline_exceeded',
    `No answer came before the deadline of ${deadlineMs} ms.`,
  );
}
