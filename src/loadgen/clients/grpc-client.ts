import { type ClientHttp2Stream, type IncomingHttpHeaders, constants } from 'node:http2';
import { type CancelTimer, createSystemClock } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/error.ts';
import { codeOfGrpcStatus } from '../../protocols/oip-grpc/codec/status.ts';
import type { PreparedRequest } from '../inputs/prepared-request.ts';
import type { LoadClient, RequestDetail, RequestProgress } from '../load-client.ts';
import type { Outcome } from '../samples.ts';
import { describeFailure } from './connection-failure.ts';
import { type GrpcSessions, createGrpcSessions } from './grpc-sessions.ts';
import { type LoadClientOptions, defaultTimeoutMs } from './load-client-options.ts';
import { readServerTiming } from './server-timing.ts';

const defaultMaxConnections = 256;
const prefixBytes = 5;

/** Statuses of gRPC that tell more than that a call failed. */
const outcomeByCode: Partial<Readonly<Record<ErrorCode, Outcome>>> = {
  resource_exhausted: 'rejected',
  unavailable: 'rejected',
  deadline_exceeded: 'timeout',
};

/**
 * A client of unary gRPC calls over HTTP/2: another connection is opened when the server takes no
 * more calls on those there are.
 * @throws TypeError when the url is none, and when there are no requests.
 */
export function createGrpcLoadClient(options: LoadClientOptions): LoadClient {
  const { requests, timeoutMs = defaultTimeoutMs, clock = createSystemClock() } = options;
  if (requests.length === 0) throw new TypeError('There are no requests to send.');
  const sessions: GrpcSessions = createGrpcSessions({
    url: options.url,
    tls: options.tls,
    maxConnections: options.maxConnections ?? defaultMaxConnections,
  });
  const underWay = new Set<GrpcExchange>();
  return {
    send(inputIndex, progress) {
      const request = requests[inputIndex % requests.length];
      if (request === undefined) return;
      const stream = sessions.open({
        ':method': 'POST',
        ':path': request.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...request.headers,
      });
      if (stream === undefined) {
        progress.end('dropped', { reason: 'all connections were busy' });
        return;
      }
      const exchange = new GrpcExchange(stream, { request, progress, underWay });
      progress.sent();
      exchange.stopTimer = clock.schedule(timeoutMs, () =>
        exchange.giveUp('timeout', `no answer within ${timeoutMs} ms`),
      );
    },
    cutOff() {
      for (const exchange of underWay) exchange.giveUp('unfinished', 'no answer until the end');
    },
    [Symbol.asyncDispose]: () => {
      sessions[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

interface ExchangeSettings {
  readonly request: PreparedRequest;
  readonly progress: RequestProgress;
  readonly underWay: Set<GrpcExchange>;
}

/** A call under way, and what of its answer has come. */
class GrpcExchange {
  stopTimer: CancelTimer | undefined;
  readonly #stream: ClientHttp2Stream;
  readonly #settings: ExchangeSettings;
  readonly #pieces: Buffer[] = [];
  #receivedBytes = 0;
  #headers: IncomingHttpHeaders = {};
  #trailers: IncomingHttpHeaders = {};
  #error: Error | undefined;

  constructor(stream: ClientHttp2Stream, settings: ExchangeSettings) {
    this.#stream = stream;
    this.#settings = settings;
    const { request, progress, underWay } = settings;
    underWay.add(this);
    stream.on('response', (headers) => {
      this.#headers = headers;
      progress.firstByte();
    });
    stream.on('data', (piece: Buffer) => {
      this.#receivedBytes += piece.byteLength;
      if (request.check !== undefined) this.#pieces.push(piece);
    });
    stream.on('trailers', (trailers) => (this.#trailers = trailers));
    stream.on('error', (error) => (this.#error = error));
    stream.on('close', () => this.#close());
    stream.end(request.body);
  }

  /** Ends it, whatever comes later. */
  giveUp(outcome: Outcome, reason: string): void {
    this.#end(outcome, { reason });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #close(): void {
    // An answer without messages has its status in its head.
    const status = this.#trailers['grpc-status'] ?? this.#headers['grpc-status'];
    if (typeof status !== 'string') return this.#endUnanswered();
    const timing = this.#headers['server-timing'];
    const times = readServerTiming(typeof timing === 'string' ? timing : undefined);
    const code = status === '0' ? undefined : codeOfGrpcStatus(Number(status));
    if (code !== undefined) {
      this.#end(outcomeByCode[code] ?? 'failed', { ...times, reason: `gRPC status ${code}` });
    } else if (this.#receivedBytes < prefixBytes) {
      this.#end('failed', { ...times, reason: 'gRPC status ok without a message' });
    } else {
      const reason = this.#check();
      if (reason === undefined) this.#end('ok', times);
      else this.#end('wrong', { ...times, reason });
    }
  }

  #check(): string | undefined {
    const { check } = this.#settings.request;
    if (check === undefined) return undefined;
    const body = Buffer.concat(this.#pieces).subarray(prefixBytes);
    return check({ headers: this.#headers, body });
  }

  #endUnanswered(): void {
    const httpStatus = Number(this.#headers[':status'] ?? 200);
    if (httpStatus !== 200) {
      this.#end('failed', { reason: `HTTP status ${httpStatus} and not gRPC` });
      return;
    }
    if (this.#stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) {
      this.#end('rejected', { reason: 'the server refused the call unseen' });
      return;
    }
    const cause = this.#error?.cause instanceof Error ? this.#error.cause : this.#error;
    const { outcome, reason } = describeFailure(cause);
    this.#end(outcome, { reason });
  }

  #end(outcome: Outcome, detail: RequestDetail): void {
    if (!this.#settings.underWay.delete(this)) return;
    this.stopTimer?.();
    this.#settings.progress.end(outcome, detail);
  }
}
