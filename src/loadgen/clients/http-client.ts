import { createSystemClock } from '../../core/clock.ts';
import { invalidArgument } from '../../core/error.ts';
import type { LoadClient } from '../load-client.ts';
import { AnswerRoom, maxAnswerBytes } from './answer-room.ts';
import { Deadlines } from './deadlines.ts';
import { HttpExchange } from './http-exchange.ts';
import { connectionsTo, parseHttpUrl, requestBytes } from './http-target.ts';
import { type LoadClientOptions, defaultTimeoutMs } from './load-client-options.ts';

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
    onDue: (exchange) => exchange.giveUp('timeout', { reason: `no answer within ${timeoutMs} ms` }),
  });
  const room = new AnswerRoom(maxAnswerBytes);
  const onUseless = (exchange: HttpExchange): void => connections.cancel(exchange);

  function cutOff(): void {
    for (const exchange of underWay.endAll()) {
      exchange.giveUp('unfinished', { reason: 'no answer until the end' });
    }
  }

  return {
    send(inputIndex, progress) {
      const request = ready[inputIndex % ready.length];
      if (request === undefined) return;
      const onEnd = (): void => underWay.end(deadline);
      const exchange = new HttpExchange(request, { progress, room, onEnd, onUseless });
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
