import { createServer, type Server, type ServerResponse } from 'node:http';
import type { ServerOptions as HttpsOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { Roster } from '../../core/roster.ts';
import { answerMalformed } from './malformed.ts';
import type { HttpHandler } from './handler.ts';
import { type ListenAddress, listen } from './listen.ts';
import type { SecureContextSource } from './tls.ts';

/** How long a client may take over the parts of a connection, and how many there may be. */
export interface ConnectionLimits {
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /** How long a connection may be idle between requests. */
  readonly keepAliveTimeoutMs: number;
  /** How long a client may take nothing of an answer that is ready. */
  readonly writeStallTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

export const defaultConnectionLimits: ConnectionLimits = Object.freeze({
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  // Longer than the usual 60 s of load balancers, so that the balancer closes first.
  keepAliveTimeoutMs: 75_000,
  writeStallTimeoutMs: 30_000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 4096,
});

export interface HttpServerOptions extends ListenAddress {
  readonly handler: HttpHandler;
  readonly limits: ConnectionLimits;
  /** Bodies declared larger than this are not asked for when a client waits for `100 Continue`. */
  readonly maxBodyBytes: number;
  /** Speaks HTTPS with this certificate; plain HTTP without it. */
  readonly tls?: SecureContextSource | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A listening server. Disposing it closes every connection at once. */
export interface HttpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://host:port` or `https://host:port`, the host in brackets where it is IPv6. */
  readonly url: string;
  /**
   * Stops accepting connections, answers what is in flight with `Connection: close`, and closes
   * what is left after `timeoutMs`. Resolves when every connection is closed.
   */
  drain(timeoutMs: number): Promise<void>;
}

/**
 * Starts an HTTP/1.1 server with bounds on everything a client can hold open.
 * @throws HeadwayError `failed_precondition` when the address cannot be listened on.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { clock, logger } = options;
  const inFlight = new Roster<ServerResponse>();
  let draining = false;

  const isBusy = (socket: Socket): boolean => {
    for (const response of inFlight) if (response.socket === socket) return true;
    return false;
  };
  const handle: HttpHandler = (request, response) => {
    if (draining) response.shouldKeepAlive = false;
    const entry = inFlight.enter(response);
    response.on('close', () => inFlight.leave(entry));
    options.handler(request, response);
  };
  const server = await createHardenedServer(options, handle);
  server.on('checkContinue', (request, response) => {
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared <= options.maxBodyBytes) response.writeContinue();
    handle(request, response);
  });
  server.on('clientError', (error, socket) => {
    logger.verbose('A connection sent no valid HTTP.', { error });
    answerMalformed(error, socket as Socket, isBusy(socket as Socket));
  });
  const sockets = track(server, 'connection');
  // Beneath TLS the handshake is sent, so what was asked is counted above it.
  const speakers = options.tls === undefined ? sockets : track(server, 'secureConnection');
  server.on('tlsClientError', (error) => {
    logger.verbose('A connection did not come to TLS.', { error });
  });
  // Quiet is right while an answer is being made, wrong while a client does not take it.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0 || !isBusy(socket)) socket.destroy();
  });
  server.on('drop', () => logger.warning('A connection was refused: too many are open.'));

  const { port, authority } = await listen(server, options);

  // Node's own list lacks the connections that are not through their handshake.
  function destroyAll(): void {
    for (const socket of sockets) socket.destroy();
  }

  async function drain(timeoutMs: number): Promise<void> {
    draining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const response of inFlight) response.shouldKeepAlive = false;
    // Connections on which nothing was ever sent are not idle in node's eyes.
    for (const socket of speakers) if (socket.bytesRead === 0) socket.destroy();
    const cancel = clock.schedule(timeoutMs, destroyAll);
    await closed;
    cancel();
  }

  return {
    host: options.host,
    port,
    url: `${options.tls === undefined ? 'http' : 'https'}://${authority}`,
    drain,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      destroyAll();
      await closed;
    },
  };
}

/** The sockets that an event tells of, for as long as they are open. */
function track(server: Server, event: 'connection' | 'secureConnection'): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function createHardenedServer(
  { limits, tls }: Pick<HttpServerOptions, 'limits' | 'tls'>,
  handle: HttpHandler,
): Promise<Server> {
  const bounds = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: Math.max(limits.headersTimeoutMs, limits.requestTimeoutMs),
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(bounds, handle)
      : await createTlsServer(
          { ...bounds, handshakeTimeout: limits.headersTimeoutMs },
          tls,
          handle,
        );
  server.maxConnections = limits.maxConnections;
  server.timeout = limits.writeStallTimeoutMs;
  return server;
}

async function createTlsServer(
  bounds: HttpsOptions,
  tls: SecureContextSource,
  handle: HttpHandler,
): Promise<Server> {
  // Only servers with a certificate pay for reading this in.
  const https = await import('node:https');
  const server = https.createServer({ ...bounds, ...tls.options }, handle);
  tls.follow(server);
  return server;
}
