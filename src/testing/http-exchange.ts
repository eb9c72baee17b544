import { type Socket, connect } from 'node:net';
import { createSystemClock } from '../core/clock.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { type HttpHandler, createHttpHandler } from '../protocols/http/handler.ts';
import { type BodyLimits, defaultBodyLimits } from '../protocols/http/limits.ts';
import type { Authorize } from '../protocols/http/route.ts';
import {
  type ConnectionLimits,
  type HttpServer,
  defaultConnectionLimits,
  startHttpServer,
} from '../protocols/http/server.ts';
import { createOipRoutes } from '../protocols/oip-http/routes.ts';
import type { InferenceServer } from '../server/interface.ts';

export interface OipServerOptions {
  readonly limits?: Partial<BodyLimits>;
  readonly connections?: Partial<ConnectionLimits>;
  readonly authorize?: Authorize;
  readonly logger?: Logger;
}

/** An OIP HTTP server on a free loopback port. */
export function startOipServer(
  server: InferenceServer,
  options: OipServerOptions = {},
): Promise<HttpServer> {
  const clock = createSystemClock();
  const limits = { ...defaultBodyLimits, ...options.limits };
  const logger = options.logger ?? silentLogger;
  const authorize = options.authorize ?? (() => {});
  const routes = createOipRoutes({ server, clock, limits });
  const handler = createHttpHandler({ routes, clock, logger, authorize });
  return startHandler(handler, { ...options, limits });
}

/** Any handler on a free loopback port. */
export function startHandler(
  handler: HttpHandler,
  options: OipServerOptions = {},
): Promise<HttpServer> {
  return startHttpServer({
    host: '127.0.0.1',
    port: 0,
    handler,
    limits: { ...defaultConnectionLimits, ...options.connections },
    maxBodyBytes: options.limits?.maxBodyBytes ?? defaultBodyLimits.maxBodyBytes,
    clock: createSystemClock(),
    logger: options.logger ?? silentLogger,
  });
}

/** A connection on which bytes are written by hand. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** What was received, once it holds the text. Rejects when the connection ends before. */
  received(text: string): Promise<string>;
  /** All that was received, once the server has closed the connection. */
  closed(): Promise<string>;
}

/** Opens a raw connection to a server. */
export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let text = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const check of waiting) check();
  };
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
    wake();
  });
  const until = (holds: () => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (holds()) resolve(text);
        else if (ended) reject(new Error(`The connection ended after: ${text}`));
        else return;
        waiting.delete(check);
      };
      waiting.add(check);
      check();
    });
  return {
    socket,
    write: (bytes) => socket.write(bytes),
    received: (wanted) => until(() => text.includes(wanted)),
    closed: () => until(() => ended),
    [Symbol.dispose]: () => socket.destroy(),
  };
}
