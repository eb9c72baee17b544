import { Agent, type ClientRequest, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { createSystemClock } from '../../core/clock.ts';
import { invalidArgument } from '../../core/error.ts';
import { openAiApiOfPath } from '../inputs/openai-requests.ts';
import type { PreparedRequest } from '../inputs/prepared-request.ts';
import type { LoadClient } from '../load-client.ts';
import { badEnding } from './answer-ending.ts';
import { type LoadClientOptions, defaultTimeoutMs } from './load-client-options.ts';
import { parseObject } from './openai-chunk.ts';
import { type ExpectedAnswer, type OpenAiExchange, beginExchange } from './openai-exchange.ts';

export interface OpenAiLoadClientOptions extends LoadClientOptions {
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
}

const defaultMaxConnections = 4096;

/**
 * Sends requests of the OpenAI API, as many at a time as are asked for, and tells of every chunk of
 * a streamed answer when its bytes come. Connections are kept and used again; the
 * `url` may end with `/v1`.
 * @throws HeadwayError `invalid_argument` when the url is none, or there is nothing to send.
 */
export function createOpenAiLoadClient(options: OpenAiLoadClientOptions): LoadClient {
  const { requests, clock = createSystemClock(), timeoutMs = defaultTimeoutMs } = options;
  const { maxConnections = defaultMaxConnections } = options;
  const inputs = requests.map((request) => ({ request, expected: expectedAnswer(request) }));
  if (inputs.length === 0) throw invalidArgument('There are no requests to send.');
  const connections = openConnections(options);
  const inFlight = new Set<OpenAiExchange>();
  const timeout = badEnding('timeout', `no whole answer within ${timeoutMs} ms`);
  const unfinished = badEnding('unfinished', 'in flight when the run was cut off');

  function cutOff(): void {
    for (const exchange of inFlight) exchange.giveUp(unfinished);
  }

  return {
    send(inputIndex, progress) {
      if (inFlight.size >= maxConnections) {
        progress.end('dropped', { reason: 'all connections were busy' });
        return;
      }
      const input = inputs[inputIndex % inputs.length];
      if (input === undefined) throw new RangeError(`There is no input ${inputIndex}.`);
      const exchange = beginExchange({
        open: () => connections.open(input.request),
        body: input.request.body,
        expected: input.expected,
        progress,
        onEnd() {
          stopTimer();
          inFlight.delete(exchange);
        },
      });
      const stopTimer = clock.schedule(timeoutMs, () => exchange.giveUp(timeout));
      inFlight.add(exchange);
    },
    cutOff,
    async [Symbol.asyncDispose]() {
      cutOff();
      connections[Symbol.dispose]();
    },
  };
}

function expectedAnswer({ headers, path, body }: PreparedRequest): ExpectedAnswer {
  if (headers['accept'] === 'text/event-stream') return { kind: 'stream' };
  if (openAiApiOfPath(path) !== 'embeddings') return { kind: 'completion' };
  const input = parseObject(Buffer.from(body).toString())?.['input'];
  // A list of numbers is one text as tokens.
  const isList = Array.isArray(input) && typeof input[0] !== 'number';
  return { kind: 'embeddings', count: isList ? input.length : 1 };
}

interface Connections extends Disposable {
  open(request: PreparedRequest): ClientRequest;
}

function openConnections({ url, apiKey, tls }: OpenAiLoadClientOptions): Connections {
  const base = URL.parse(url);
  if (base === null || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw invalidArgument(
      `'${url}' is no address of an OpenAI API: write it as http://127.0.0.1:8000`,
    );
  }
  const isTls = base.protocol === 'https:';
  const agent = isTls ? new TlsAgent({ keepAlive: true, ...tls }) : new Agent({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;
  const prefix = base.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  // URL keeps the brackets of an IPv6 host, which a socket address has not.
  const hostname = base.hostname.replace(/^\[|\]$/g, '');
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return {
    open({ method, path, headers, body }) {
      return send({
        agent,
        hostname,
        port: base.port,
        method,
        path: prefix + path,
        headers: { ...headers, ...authorization, 'content-length': body.byteLength },
      });
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
