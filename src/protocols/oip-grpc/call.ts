import { type IncomingHttpHeaders, type ServerHttp2Stream, constants } from 'node:http2';
import { HeadwayError, toHeadwayError } from '../../core/error.ts';
import { frameMessage } from './codec/frames.ts';
import { encodeGrpcMessage, grpcStatusByCode } from './codec/status.ts';
import { acceptedEncodings } from './compression.ts';
import type { CallContext, MessagePieces } from './method.ts';

/** A call that is being answered: what goes out on one HTTP/2 stream. */
export interface OpenCall {
  readonly context: CallContext;
  readonly isOver: boolean;
  /** @param onTaken called when it is written, or never will be. */
  send(message: MessagePieces, onTaken?: () => void): void;
  /** Sends the one message of an answer and ends it. */
  answer(message: MessagePieces): void;
  end(): void;
  fail(thrown: unknown): void;
}

export interface OpenCallOptions {
  readonly headers: IncomingHttpHeaders;
  readonly startMs: number;
  readonly deadlineMs: number | undefined;
  /** How long a client may take nothing of an answer. */
  readonly writeStallTimeoutMs: number;
  /** Told of failures that are not the client's. */
  readonly logFailure: (error: HeadwayError) => void;
  /** The stream is closed, however. */
  readonly onClosed: () => void;
}

const responseHeaders = Object.freeze({
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
});

const goodTrailers = Object.freeze({ 'grpc-status': '0' });

/** Larger answers are watched until the client has taken them. */
const watchedBytes = 64 * 1024;

/** Begins to answer on a stream. */
export function openCall(stream: ServerHttp2Stream, options: OpenCallOptions): OpenCall {
  const client = watchClient();
  const { writeStallTimeoutMs: stallTimeoutMs } = options;
  const { context, answerHeaders } = createContext(options, client);
  let trailers: Readonly<Record<string, string>> = goodTrailers;
  let hasEnded = false;
  // A lost connection destroys its streams before it tells them that they are closed.
  const isOver = (): boolean => hasEnded || isGone(stream);

  stream.on('error', () => {
    // The close that follows says all there is to say.
  });
  stream.on('close', () => {
    if (!hasEnded) client.leave();
    hasEnded = true;
    options.onClosed();
  });
  stream.on('wantTrailers', () => {
    if (isGone(stream)) return;
    stream.sendTrailers(trailers);
    if (trailers !== goodTrailers) setImmediate(closeUnread, stream);
  });

  return {
    context,
    get isOver() {
      return isOver();
    },
    send(message, onTaken) {
      if (isOver()) {
        onTaken?.();
        return;
      }
      begin(stream, answerHeaders());
      writeMessage(stream, message, { isLast: false, stallTimeoutMs, onTaken });
    },
    answer(message) {
      if (isOver()) return;
      hasEnded = true;
      begin(stream, answerHeaders());
      writeMessage(stream, message, { isLast: true, stallTimeoutMs });
    },
    end() {
      if (isOver()) return;
      hasEnded = true;
      begin(stream, answerHeaders());
      stream.end();
    },
    fail(thrown) {
      if (isOver()) return;
      hasEnded = true;
      const error = toHeadwayError(thrown);
      if (error.code === 'internal') options.logFailure(error);
      trailers = errorTrailers(error);
      stopReading(stream);
      if (stream.headersSent) stream.end();
      else respondAlone(stream, trailers);
      client.leave();
    },
  };
}

interface ContextWithHeaders {
  readonly context: CallContext;
  /** What the answer begins with. */
  answerHeaders(): Readonly<Record<string, string | number>>;
}

function createContext(
  { headers, startMs, deadlineMs }: OpenCallOptions,
  client: WatchedClient,
): ContextWithHeaders {
  let answerHeaders: Readonly<Record<string, string | number>> = responseHeaders;
  const context: CallContext = {
    headers,
    startMs,
    deadlineMs,
    get signal() {
      return client.signal;
    },
    tell(name, value) {
      answerHeaders = { ...answerHeaders, [name]: value };
    },
  };
  return { context, answerHeaders: () => answerHeaders };
}

interface WatchedClient {
  readonly signal: AbortSignal;
  leave(): void;
}

/** A signal that is made when it is first asked for, since most calls need none. */
function watchClient(): WatchedClient {
  let abort: AbortController | undefined;
  let hasLeft = false;
  return {
    get signal() {
      abort ??= new AbortController();
      if (hasLeft) abort.abort(clientGone());
      return abort.signal;
    },
    leave() {
      hasLeft = true;
      abort?.abort(clientGone());
    },
  };
}

function begin(
  stream: ServerHttp2Stream,
  headers: Readonly<Record<string, string | number>>,
): void {
  if (!stream.headersSent) stream.respond(headers, { waitForTrailers: true });
}

function writeMessage(
  stream: ServerHttp2Stream,
  message: MessagePieces,
  {
    isLast,
    stallTimeoutMs,
    onTaken,
  }: {
    readonly isLast: boolean;
    readonly stallTimeoutMs: number;
    readonly onTaken?: (() => void) | undefined;
  },
): void {
  const pieces = frameMessage(message, { isCompressed: false });
  const last = pieces.length - 1;
  stream.cork();
  for (let index = 0; index < last; index += 1) stream.write(pieces[index]);
  if (isLast) stream.end(pieces[last]);
  else stream.write(pieces[last], onTaken);
  stream.uncork();
  // One watch does for all messages of a stream.
  if (stream.writableLength <= watchedBytes || stream.listenerCount('timeout') > 0) return;
  stream.setTimeout(stallTimeoutMs);
  stream.on('timeout', () => {
    if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
  });
}

/** Whether nobody can be answered on a stream any more; to try throws. */
function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed;
}

/** Refuses a stream without opening a call. */
export function refuseCall(stream: ServerHttp2Stream, error: HeadwayError): void {
  stream.on('error', () => {
    // The client left before it was refused.
  });
  if (isGone(stream)) return;
  stopReading(stream);
  respondAlone(stream, errorTrailers(error));
}

/** What is not gRPC gets the status of HTTP that the gRPC protocol asks for. */
export function answerOther(stream: ServerHttp2Stream): void {
  stream.on('error', () => {
    // Nobody waits for the answer.
  });
  if (isGone(stream)) return;
  stream.respond({ ':status': 415 }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/** Answers with the head of a response that is its end as well. */
function respondAlone(stream: ServerHttp2Stream, trailers: Readonly<Record<string, string>>): void {
  stream.respond({ ...responseHeaders, ...trailers }, { endStream: true });
  if (stream.writableFinished) closeUnread(stream);
  else stream.once('finish', () => closeUnread(stream));
}

/** Drops what the client still sends. */
function stopReading(stream: ServerHttp2Stream): void {
  stream.removeAllListeners('data');
  stream.resume();
}

/** Tells a client that still sends, and has its answer, that nobody reads. */
function closeUnread(stream: ServerHttp2Stream): void {
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function errorTrailers(error: HeadwayError): Record<string, string> {
  const trailers: Record<string, string> = {
    'grpc-status': String(grpcStatusByCode[error.code]),
    'grpc-message': encodeGrpcMessage(error.message),
  };
  if (error.retryAfterMs !== undefined) {
    trailers['grpc-retry-pushback-ms'] = String(Math.ceil(error.retryAfterMs));
  }
  return trailers;
}

function clientGone(): HeadwayError {
  return new HeadwayError('cancelled', 'The client went away before its answer was ready.');
}
