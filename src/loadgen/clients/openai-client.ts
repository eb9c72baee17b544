import { createSystemClock } from '../../core/clock.ts';
import { invalidArgument } from '../../core/error.ts';
import { openAiApiOfPath } from '../inputs/openai-requests.ts';
import type { PreparedRequest } from '../inputs/prepared-request.ts';
import type { LoadClient } from '../load-client.ts';
import { badEnding } from './answer-ending.ts';
import { AnswerRoom, maxAnswerBytes } from './answer-room.ts';
import { Deadlines } from './deadlines.ts';
import { connectionsTo, parseHttpUrl, requestBytes } from './http-target.ts';
import { type LoadClientOptions, defaultTimeoutMs } from './load-client-options.ts';
import { parseObject } from './openai-chunk.ts';
import { type ExpectedAnswer, OpenAiExchange, type OpenAiRequest } from './openai-exchange.ts';

export interface OpenAiLoadClientOptions extends LoadClientOptions {
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
}

/**
 * Sends requests of the OpenAI API, as many at a time as are asked for, and tells of every chunk of
 * a streamed answer when its bytes come. Connections are kept and used again; the
 * `url` may end with `/v1`.
 * @throws HeadwayError `invalid_argument` when the url is none, when what TLS needs does not fit
 * together, or there is nothing to send.
 */
export function createOpenAiLoadClient(options: OpenAiLoadClientOptions): LoadClient {
  const { requests, clock = createSystemClock(), timeoutMs = defaultTimeoutMs } = options;
  const url = parseHttpUrl(options.url);
  // The paths of the requests begin with it.
  url.pathname = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  const ready = toReadyRequests(requests, url, options.apiKey);
  if (ready.length === 0) throw invalidArgument('There are no requests to send.');
  const connections = connectionsTo(url, options);
  const timeout = badEnding('timeout', `no whole answer within ${timeoutMs} ms`);
  const unfinished = badEnding('unfinished', 'in flight when the run was cut off');
  const underWay = new Deadlines<OpenAiExchange>({
    clock,
    timeoutMs,
    onDue: (exchange) => exchange.giveUp(timeout),
  });
  const room = new AnswerRoom(maxAnswerBytes);
  const onUseless = (exchange: OpenAiExchange): void => connections.cancel(exchange);

  function cutOff(): void {
    for (const exchange of underWay.endAll()) exchange.giveUp(unfinished);
  }

  return {
    send(inputIndex, progress) {
      const request = ready[inputIndex % ready.length];
      if (request === undefined) throw new RangeError(`There is no input ${inputIndex}.`);
      const onEnd = (): void => underWay.end(deadline);
      const exchange = new OpenAiExchange(request, { progress, room, onEnd, onUseless });
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

function toReadyRequests(
  requests: readonly PreparedRequest[],
  url: URL,
  apiKey: string | undefined,
): readonly OpenAiRequest[] {
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return requests.map((request) => ({
    bytes: requestBytes({ ...request, headers: { ...request.headers, ...authorization } }, url),
    expected: expectedAnswer(request),
  }));
}

function expectedAnswer({ headers, path, body }: PreparedRequest): ExpectedAnswer {
  if (headers['accept'] === 'text/event-stream') return { kind: 'stream' };
  if (openAiApiOfPath(path) !== 'embeddings') return { kind: 'completion' };
  const input = parseObject(Buffer.from(body).toString())?.['input'];
  // A list of numbers is one text as tokens.
  const isList = Array.isArray(input) && typeof input[0] !== 'number';
  return { kind: 'embeddings', count: isList ? input.length : 1 };
}
