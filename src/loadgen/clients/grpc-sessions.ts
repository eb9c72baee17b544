import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
  connect,
} from 'node:http2';
import type { ConnectionOptions } from 'node:tls';

export interface GrpcSessionsOptions {
  /** `host:port`, or that with `grpc://`, `http://`, `grpcs://` or `https://` before it. */
  readonly url: string;
  readonly tls?: ConnectionOptions | undefined;
  readonly maxConnections: number;
}

/** Connections of HTTP/2 to one server, as many as its limit of calls on each asks for. */
export interface GrpcSessions extends Disposable {
  /** Begins a call; `undefined` when no connection takes one more. */
  open(headers: OutgoingHttpHeaders): ClientHttp2Stream | undefined;
}

/** How many calls a connection takes until the server has told on one. */
const firstLimit = 100;
const maxSessionMemoryMebibytes = 4096;
const streamWindowBytes = 4 * 1024 ** 2;
const sessionWindowBytes = 16 * 1024 ** 2;

interface OpenSession {
  readonly session: ClientHttp2Session;
  callCount: number;
}

/** @throws TypeError when the url is none. */
export function createGrpcSessions({
  url,
  tls,
  maxConnections,
}: GrpcSessionsOptions): GrpcSessions {
  const origin = parseOrigin(url);
  const sessions = new Set<OpenSession>();
  let limit = firstLimit;

  function openSession(): OpenSession {
    const session = connect(origin, {
      ...tls,
      maxSessionMemory: maxSessionMemoryMebibytes,
      settings: { initialWindowSize: streamWindowBytes, enablePush: false },
    });
    const opened = { session, callCount: 0 };
    sessions.add(opened);
    session.on('error', () => {
      // The calls under way tell of it.
    });
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      limit = maxConcurrentStreams ?? Infinity;
    });
    session.once('connect', () => session.setLocalWindowSize(sessionWindowBytes));
    session.on('close', () => sessions.delete(opened));
    return opened;
  }
  function findFree(): OpenSession | undefined {
    for (const opened of sessions) {
      const { session, callCount } = opened;
      if (!session.closed && callCount < limit) return opened;
    }
    return sessions.size < maxConnections ? openSession() : undefined;
  }

  return {
    open(headers) {
      const free = findFree();
      if (free === undefined) return undefined;
      const stream = free.session.request(headers);
      free.callCount += 1;
      stream.on('close', () => (free.callCount -= 1));
      return stream;
    },
    [Symbol.dispose]: () => {
      for (const { session } of sessions) session.destroy();
    },
  };
}

function parseOrigin(url: string): string {
  const [, scheme = 'grpc', authority] =
    /^(?:(grpcs?|https?):\/\/)?([\w.-]+:\d{1,5}|\[[\da-fA-F:.]+\]:\d{1,5})\/?$/.exec(url) ?? [];
  if (authority === undefined) {
    throw new TypeError(
      `The url '${url}' must be host:port, or that with grpc:// or grpcs:// before it.`,
    );
  }
  return `${scheme.endsWith('s') ? 'https' : 'http'}://${authority}`;
}
