import {
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  createSecureServer,
  createServer,
} from 'node:http2';
import type { Clock } from '../../core/clock.ts';
import { HeadwayError, toHeadwayError } from '../../core/error.ts';
import type { Logger } from '../../core/logger.ts';
import { Roster, type RosterEntry } from '../../core/roster.ts';
import { type BodyLimits, createByteBudget } from '../http/limits.ts';
import { type ListenAddress, listen } from '../http/listen.ts';
import type { Authorize } from '../http/route.ts';
import type { SecureContextSource } from '../http/tls.ts';
import type { ContentCoding } from '../http/unpack.ts';
import { answerOther, openCall, refuseCall } from './call.ts';
import { parseGrpcTimeoutMs } from './codec/timeout.ts';
import { parseMessageCoding } from './compression.ts';
import type { GrpcMethod } from './method.ts';
import { lookNowAndThen } from './patience.ts';
import { type ServedCall, serveStream, serveUnary } from './serve-call.ts';
import { type SessionLimits, guardSession, http2Options } from './session-limits.ts';

export interface GrpcServerOptions extends ListenAddress {
  readonly methods: readonly GrpcMethod[];
  readonly authorize: Authorize;
  /** `maxBodyBytes` bounds a message. */
  readonly bodyLimits: BodyLimits;
  readonly sessionLimits: SessionLimits;
  /** Connections are plain without it. */
  readonly tls?: SecureContextSource | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A listening gRPC server. Disposing it closes every connection at once. */
export interface GrpcServer extends AsyncDisposable {
  readonly port: number;
  /** `host:port` as gRPC clients take it, the host in brackets where it is IPv6. */
  readonly target: string;
  /**
   * Takes no more connections and calls, lets those under way finish, and cuts off what is left
   * after `timeoutMs`. Resolves when every connection is closed.
   */
  drain(timeoutMs: number): Promise<void>;
}

/**
 * Starts a gRPC server over HTTP/2.
 * @throws HeadwayError `failed_precondition` when the address cannot be listened on.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { sessionLimits, clock, logger } = options;
  const sessions = new Set<ServerHttp2Session>();
  const accept = createCallAcceptor(options);
  const server = createListener(options);
  server.maxConnections = sessionLimits.maxConnections;
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    guardSession(session, { limits: sessionLimits, clock, logger });
  });
  server.on('stream', (stream, headers) => accept.call(stream, headers));
  server.on('sessionError', (error) => logger.verbose('A gRPC connection failed.', { error }));
  const { port, authority } = await listen(server, options);
  server.on(
    'close',
    lookNowAndThen(accept.served, { clock, timeoutMs: sessionLimits.messageTimeoutMs }),
  );

  const closeWith = async (end: (session: ServerHttp2Session) => void): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of sessions) end(session);
    await closed;
  };
  return {
    port,
    target: authority,
    async drain(timeoutMs) {
      accept.stop();
      const cancel = clock.schedule(timeoutMs, () => {
        for (const session of sessions) session.destroy();
      });
      await closeWith((session) => session.close());
      cancel();
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await closeWith((session) => session.destroy());
    },
  };
}

function createListener({
  sessionLimits,
  tls,
}: GrpcServerOptions): Http2Server | Http2SecureServer {
  const settings = http2Options(sessionLimits);
  if (tls === undefined) return createServer(settings);
  const server = createSecureServer({ ...settings, ...tls.options });
  tls.follow(server);
  return server;
}

/** Messages about the server's health are small, and are read whatever else is held. */
const healthBytes = 4 * 1024 * 1024;

const maxBodyHint = '; the setting maxBodyBytes (--max-body) is the most a message may hold';

interface CallAcceptor {
  /** Calls under way. */
  readonly served: Roster<ServedCall>;
  call(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
  /** Refuses calls from now on, and tells those under way. */
  stop(): void;
}

function createCallAcceptor(options: GrpcServerOptions): CallAcceptor {
  const { authorize, bodyLimits, sessionLimits, clock, logger } = options;
  const methods = new Map(options.methods.map((method) => [method.path, method]));
  const budget = createByteBudget(bodyLimits.maxBufferedBytes, bodyLimits.collectYoung);
  const healthBudget = createByteBudget(healthBytes);
  const { messageTimeoutMs } = sessionLimits;
  const served = new Roster<ServedCall>();
  let isStopping = false;

  function open(stream: ServerHttp2Stream, accepted: AcceptedCall): void {
    const { method } = accepted;
    let entry: RosterEntry<ServedCall> | undefined;
    const call = openCall(stream, {
      headers: accepted.headers,
      startMs: accepted.startMs,
      deadlineMs: accepted.deadlineMs,
      writeStallTimeoutMs: sessionLimits.writeStallTimeoutMs,
      logFailure: (error) =>
        logger.error('A gRPC call failed.', { method: method.path, error: error.cause ?? error }),
      onClosed() {
        if (entry === undefined) return;
        served.leave(entry);
        entry.member.closed();
      },
    });
    const maxMessageBytes = method.maxMessageBytes ?? bodyLimits.maxBodyBytes;
    const reading = {
      coding: accepted.coding,
      maxMessageBytes,
      limitHint: maxMessageBytes === bodyLimits.maxBodyBytes ? maxBodyHint : '',
      budget: method.plane === 'health' ? healthBudget : budget,
      messageTimeoutMs,
    };
    entry = served.enter(
      method.kind === 'unary'
        ? serveUnary(stream, call, { method, reading })
        : serveStream(stream, call, { method, reading }),
    );
  }

  return {
    served,
    call(stream, headers) {
      if (!isGrpc(headers)) {
        answerOther(stream);
        return;
      }
      try {
        const fullness = served.size / sessionLimits.maxCalls;
        const state = { methods, authorize, isStopping, fullness, nowMs: clock.nowMs() };
        open(stream, acceptCall(headers, state));
      } catch (thrown) {
        refuseCall(stream, toHeadwayError(thrown));
      }
    },
    stop() {
      isStopping = true;
      for (const one of served) one.stop();
    },
  };
}

interface AcceptedCall {
  readonly method: GrpcMethod;
  readonly headers: IncomingHttpHeaders;
  readonly coding: ContentCoding | undefined;
  readonly startMs: number;
  readonly deadlineMs: number | undefined;
}

function acceptCall(
  headers: IncomingHttpHeaders,
  server: {
    readonly methods: ReadonlyMap<string, GrpcMethod>;
    readonly authorize: Authorize;
    readonly isStopping: boolean;
    /** Calls under way, as a share of the most there may be. */
    readonly fullness: number;
    readonly nowMs: number;
  },
): AcceptedCall {
  const { methods, authorize, nowMs } = server;
  const path = headers[':path'] ?? '';
  const method = methods.get(path);
  // Without a key nothing is learnt about the methods.
  if (method === undefined) authorize('inference', headers);
  else if (method.plane !== 'health') authorize(method.plane, headers);
  if (method === undefined) {
    throw new HeadwayError('unimplemented', `The method '${path.slice(0, 200)}' is not known.`);
  }
  if (server.isStopping) {
    throw new HeadwayError('unavailable', 'Server is stopping, it takes no new calls');
  }
  // Health is told of when other calls have to wait.
  if (server.fullness >= (method.plane === 'health' ? 2 : 1)) {
    const text = 'The server has too many calls under way; try again.';
    throw new HeadwayError('unavailable', text, { retryAfterMs: 1000 });
  }
  const timeoutMs = parseGrpcTimeoutMs(firstText(headers['grpc-timeout']));
  return {
    method,
    headers,
    coding: parseMessageCoding(firstText(headers['grpc-encoding'])),
    startMs: nowMs,
    deadlineMs: timeoutMs === undefined ? undefined : nowMs + timeoutMs,
  };
}

function firstText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  return (
    headers[':method'] === 'POST' &&
    headers['content-type']?.startsWith('application/grpc') === true
  );
}
