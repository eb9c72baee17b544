import { createSystemClock } from '../../core/clock.ts';
import { invalidArgument } from '../../core/error.ts';
import type { CheckedRequest } from '../inputs/prepared-request.ts';
import type { LoadClient } from '../load-client.ts';
import { AnswerRoom, maxAnswerBytes } from './answer-room.ts';
import { Deadlines } from './deadlines.ts';
import { GrpcExchange } from './grpc-exchange.ts';
import { type CallBytes, makeCallBytes } from './http2/call-bytes.ts';
import { createHttp2Connections } from './http2/connections.ts';
import { type LoadClientOptions, defaultTimeoutMs } from './load-client-options.ts';
import { prepareTls } from './prepare-tls.ts';

const defaultMaxConnections = 256;
const maxPort = 65_535;

/**
 * A client of unary gRPC calls over HTTP/2: another connection is opened when the server takes no
 * more calls on those there are.
 * @throws HeadwayError `invalid_argument` when the url is none, when what TLS needs does not fit
 * together, and when there are no requests.
 */
export function createGrpcLoadClient(options: LoadClientOptions): LoadClient {
  const { timeoutMs = defaultTimeoutMs, clock = createSystemClock() } = options;
  const server = parseUrl(options.url);
  const ready = options.requests.map((request) => toReadyCall(request, server));
  if (ready.length === 0) throw invalidArgument('There are no requests to send.');
  const connections = createHttp2Connections({
    hostname: server.hostname,
    port: server.port,
    tls: server.isTls ? prepareTls(options.tls) : undefined,
    maxConnections: options.maxConnections ?? defaultMaxConnections,
  });
  const underWay = new Deadlines<GrpcExchange>({
    clock,
    timeoutMs,
    onDue: (exchange) => exchange.giveUp('timeout', { reason: `no answer within ${timeoutMs} ms` }),
  });
  const room = new AnswerRoom(maxAnswerBytes);

  function cutOff(): void {
    for (const exchange of underWay.endAll()) {
      exchange.giveUp('unfinished', { reason: 'no answer until the end' });
    }
  }

  return {
    send(inputIndex, progress) {
      const request = ready[inputIndex % ready.length];
      if (request === undefined) return;
      const onOver = (): void => underWay.end(deadline);
      const exchange = new GrpcExchange({ check: request.check, progress, room, onOver });
      const deadline = underWay.add(exchange);
      progress.sent();
      exchange.cancel = connections.open(request.call, exchange);
      if (exchange.cancel === undefined) {
        exchange.onFailure({ outcome: 'dropped', reason: 'all connections were busy' });
      }
    },
    cutOff,
    async [Symbol.asyncDispose]() {
      cutOff();
      connections[Symbol.dispose]();
    },
  };
}

interface ReadyCall {
  readonly call: CallBytes;
  readonly check: CheckedRequest['check'];
}

interface Server {
  readonly isTls: boolean;
  readonly authority: string;
  readonly hostname: string;
  readonly port: number;
}

function toReadyCall({ path, headers, body, check }: CheckedRequest, server: Server): ReadyCall {
  const fields = Object.entries({
    ':method': 'POST',
    ':scheme': server.isTls ? 'https' : 'http',
    ':authority': server.authority,
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  return { call: makeCallBytes(fields, body), check };
}

function parseUrl(url: string): Server {
  const [, scheme = 'grpc', authority, hostname = '', port] =
    /^(?:(grpcs?|https?):\/\/)?(([\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5}))\/?$/.exec(url) ?? [];
  if (authority === undefined || Number(port) > maxPort) {
    throw invalidArgument(
      `The url '${url}' must be host:port, with a port of at most ${maxPort}, or that with grpc:// or grpcs:// before it.`,
    );
  }
  // A socket address has not the brackets of an IPv6 host.
  const address = hostname.replace(/^\[|\]$/g, '');
  return { isTls: scheme.endsWith('s'), authority, hostname: address, port: Number(port) };
}
