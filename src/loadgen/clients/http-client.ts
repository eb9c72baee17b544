import { type CancelTimer, createSystemClock } from '../../core/clock.ts';
import type { PreparedRequest } from '../inputs/prepared-request.ts';
import type { LoadClient, RequestDetail, RequestProgress } from '../load-client.ts';
import type { Outcome } from '../samples.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import { type Exchange, createHttpConnections } from './http-connections.ts';
import type { AnswerHead } from './http1-reader.ts';
import { type LoadClientOptions, defaultTimeoutMs } from './load-client-options.ts';
import { readServerTiming } from './server-timing.ts';

const defaultMaxConnections = 4096;

/** Up to this size a body is sent in one piece with its head. */
const joinBytes = 65_536;

/** Statuses of HTTP by which a server says that it has too much to do. */
const rejections: ReadonlySet<number> = new Set([429, 503]);
const timeouts: ReadonlySet<number> = new Set([408, 504]);

interface ReadyRequest {
  readonly bytes: readonly Uint8Array[];
  readonly check: PreparedRequest['check'];
}

/**
 * A client of HTTP/1.1, plain or of the Open Inference Protocol: it keeps connections, and opens
 * another when all are busy, so that no request waits for the answer of another one.
 * @throws TypeError when the url is none, or not of HTTP, and when there are no requests.
 */
export function createHttpLoadClient(options: LoadClientOptions): LoadClient {
  const url = parseUrl(options.url);
  const isTls = url.protocol === 'https:';
  const { timeoutMs = defaultTimeoutMs, clock = createSystemClock() } = options;
  const ready = options.requests.map((request) => toReadyRequest(request, url));
  if (ready.length === 0) throw new TypeError('There are no requests to send.');
  const connections = createHttpConnections({
    // URL keeps the brackets of an IPv6 host, which a socket address has not.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isTls ? 443 : 80)),
    tls: isTls ? (options.tls ?? {}) : undefined,
    maxConnections: options.maxConnections ?? defaultMaxConnections,
  });
  const underWay = new Set<HttpExchange>();
  return {
    send(inputIndex, progress) {
      const request = ready[inputIndex % ready.length];
      if (request === undefined) return;
      const exchange = new HttpExchange(request, progress, underWay);
      connections.begin(exchange);
      // Where it could not be sent, it has ended already.
      if (!underWay.has(exchange)) return;
      progress.sent();
      exchange.stopTimer = clock.schedule(timeoutMs, () => {
        connections.cancel(exchange);
        exchange.onFailure({ outcome: 'timeout', reason: `no answer within ${timeoutMs} ms` });
      });
    },
    cutOff() {
      for (const exchange of underWay) {
        connections.cancel(exchange);
        exchange.onFailure({ outcome: 'unfinished', reason: 'no answer until the end' });
      }
    },
    [Symbol.asyncDispose]: () => {
      connections[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** A request under way, and what of its answer has come. */
class HttpExchange implements Exchange {
  readonly bytes: readonly Uint8Array[];
  stopTimer: CancelTimer | undefined;
  readonly #check: PreparedRequest['check'];
  readonly #progress: RequestProgress;
  readonly #underWay: Set<HttpExchange>;
  readonly #pieces: Buffer[] = [];
  #head: AnswerHead | undefined;

  constructor(request: ReadyRequest, progress: RequestProgress, underWay: Set<HttpExchange>) {
    this.bytes = request.bytes;
    this.#check = request.check;
    this.#progress = progress;
    this.#underWay = underWay;
    underWay.add(this);
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
    this.#progress.firstByte();
  }

  onBody(piece: Buffer): void {
    if (this.#check !== undefined) this.#pieces.push(piece);
  }

  onEnd(): void {
    const { status = 0, headers = {} } = this.#head ?? {};
    const times = readServerTiming(headers['server-timing']);
    const end = (outcome: Outcome, reason: string): void =>
      this.#end(outcome, { ...times, reason });
    if (rejections.has(status)) end('rejected', `HTTP status ${status}`);
    else if (timeouts.has(status)) end('timeout', `HTTP status ${status}`);
    else if (status < 200 || status > 299) end('failed', `HTTP status ${status}`);
    else {
      const wrong = this.#check?.({ headers, body: Buffer.concat(this.#pieces) });
      if (wrong === undefined) this.#end('ok', times);
      else end('wrong', wrong);
    }
  }

  onFailure({ outcome, reason }: ConnectionFailure): void {
    this.#end(outcome, { reason });
  }

  #end(outcome: Outcome, detail: RequestDetail): void {
    if (!this.#underWay.delete(this)) return;
    this.stopTimer?.();
    this.#progress.end(outcome, detail);
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new TypeError(`The url '${text}' must begin with http:// or https:// and name a host.`);
  }
  return url;
}

function toReadyRequest(
  { method, path, headers, body, check }: PreparedRequest,
  url: URL,
): ReadyRequest {
  const lines = [
    `${method} ${url.pathname.replace(/\/+$/, '')}${path} HTTP/1.1`,
    `host: ${url.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(method === 'POST' ? [`content-length: ${body.byteLength}`] : []),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const bytes = body.byteLength <= joinBytes ? [Buffer.concat([head, body])] : [head, body];
  return { bytes, check };
}
