import { createSystemClock } from '../../core/clock.ts';
import { invalidArgument } from '../../core/error.ts';
import type { CheckedRequest } from '../inputs/prepared-request.ts';
import type { LoadClient, RequestDetail, RequestProgress } from '../load-client.ts';
import type { Outcome } from '../samples.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import { Deadlines } from './deadlines.ts';
import type { Exchange } from './http-connections.ts';
import { connectionsTo, parseHttpUrl, requestBytes } from './http-target.ts';
import type { AnswerHead } from './http1-reader.ts';
import { type LoadClientOptions, defaultTimeoutMs } from './load-client-options.ts';
import { type RefusalReader, createRefusalReader } from './refusal-reader.ts';
import { readServerTiming } from './server-timing.ts';

interface ReadyRequest {
  readonly bytes: readonly Uint8Array[];
  readonly check: CheckedRequest['check'];
}

/**
 * A client of HTTP/1.1, plain or of the Open Inference Protocol: it keeps connections, and opens
 * another when all are busy, so that no request waits for the answer of another one.
 * @throws HeadwayError `invalid_argument` when the url is none, or not of HTTP, when what TLS needs
 * does not fit together, and when there are no requests.
 */
export function createHttpLoadClient(options: LoadClientOptions): LoadClient {
  const url = parseHttpUrl(options.url);
  const { requests, timeoutMs = defaultTimeoutMs, clock = createSystemClock() } = options;
  const ready = requests.map((request) => ({
    bytes: requestBytes(request, url),
    check: request.check,
  }));
  if (ready.length === 0) throw invalidArgument('There are no requests to send.');
  const connections = connectionsTo(url, options);
  const underWay = new Deadlines<HttpExchange>({
    clock,
    timeoutMs,
    onDue: (exchange) => giveUp(exchange, 'timeout', `no answer within ${timeoutMs} ms`),
  });
  const giveUp = (exchange: HttpExchange, outcome: Outcome, reason: string): void => {
    connections.cancel(exchange);
    exchange.onFailure({ outcome, reason });
  };

  function cutOff(): void {
    for (const exchange of underWay.endAll()) {
      giveUp(exchange, 'unfinished', 'no answer until the end');
    }
  }

  return {
    send(inputIndex, progress) {
      const request = ready[inputIndex % ready.length];
      if (request === undefined) return;
      const exchange = new HttpExchange(request, progress, () => underWay.end(deadline));
      const deadline = underWay.add(exchange);
      progress.sent();
      connections.begin(exchange);
    },
    cutOff,
    async [Symbol.asyncDispose]() {
      cutOff();
      connections[Symbol.dispose]();
    },
  };
}

/** A request under way, and what of its answer has come. */
class HttpExchange implements Exchange {
  readonly bytes: readonly Uint8Array[];
  readonly #check: CheckedRequest['check'];
  readonly #progress: RequestProgress;
  readonly #onOver: () => void;
  readonly #pieces: Buffer[] = [];
  #isOver = false;
  #head: AnswerHead | undefined;
  #refusal: RefusalReader | undefined;

  constructor(request: ReadyRequest, progress: RequestProgress, onOver: () => void) {
    this.bytes = request.bytes;
    this.#check = request.check;
    this.#progress = progress;
    this.#onOver = onOver;
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
    if (head.status < 200 || head.status > 299) this.#refusal = createRefusalReader(head.status);
    this.#progress.firstByte();
  }

  onBody(piece: Buffer): void {
    if (this.#refusal !== undefined) this.#refusal.push(piece);
    else if (this.#check !== undefined) this.#pieces.push(piece);
  }

  onEnd(): void {
    const { headers = {} } = this.#head ?? {};
    const times = readServerTiming(headers['server-timing']);
    if (this.#refusal !== undefined) {
      const { outcome, detail } = this.#refusal.finish();
      this.#end(outcome, { ...times, ...detail });
      return;
    }
    const wrong = this.#check?.({ headers, body: Buffer.concat(this.#pieces) });
    if (wrong === undefined) this.#end('ok', times);
    else this.#end('wrong', { ...times, reason: wrong });
  }

  onFailure({ outcome, reason }: ConnectionFailure): void {
    this.#end(outcome, { reason });
  }

  #end(outcome: Outcome, detail: RequestDetail): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
    this.#progress.end(outcome, detail);
  }
}
