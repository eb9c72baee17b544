import { type Socket, connect, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Roster } from '../../core/roster.ts';
import { type ConnectionFailure, describeFailure } from './connection-failure.ts';
import { type AnswerHead, createAnswerReader } from './http1-reader.ts';

export interface HttpConnectionsOptions {
  readonly hostname: string;
  readonly port: number;
  /** Of `https:`. */
  readonly tls?: ConnectionOptions | undefined;
  readonly maxConnections: number;
}

/** What becomes of one request. */
export interface Exchange {
  /** The request as it goes out. */
  readonly bytes: readonly Uint8Array[];
  onHead(head: AnswerHead): void;
  onBody(piece: Buffer): void;
  onEnd(): void;
  onFailure(failure: ConnectionFailure): void;
}

/** Connections to one server, kept for further requests; one request at a time on each. */
export interface HttpConnections extends Disposable {
  /** Sends a request at once, on a new connection when none is free. */
  begin(exchange: Exchange): void;
  /** Takes a request back, with its connection; it hears no more. */
  cancel(exchange: Exchange): void;
}

interface Connection {
  readonly socket: Socket;
  current: Exchange | undefined;
  /** Whether it has answered before. */
  isReused: boolean;
  /** Whether something of the current answer has come. */
  hasBegun: boolean;
}

export function createHttpConnections(options: HttpConnectionsOptions): HttpConnections {
  return new ConnectionPool(options);
}

class ConnectionPool implements HttpConnections {
  readonly #options: HttpConnectionsOptions;
  readonly #open = new Roster<Connection>();
  readonly #idle: Connection[] = [];

  constructor(options: HttpConnectionsOptions) {
    this.#options = options;
  }

  begin(exchange: Exchange): void {
    const connection = this.#idle.pop() ?? this.#connect();
    if (connection !== undefined) send(connection, exchange);
    else {
      const reason = `all ${this.#options.maxConnections} connections were busy`;
      exchange.onFailure({ outcome: 'dropped', reason });
    }
  }

  cancel(exchange: Exchange): void {
    for (const connection of this.#open) {
      if (connection.current !== exchange) continue;
      connection.current = undefined;
      connection.socket.destroy();
      return;
    }
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#open) socket.destroy();
  }

  #connect(): Connection | undefined {
    const { hostname: host, port, tls, maxConnections } = this.#options;
    if (this.#open.size >= maxConnections) return undefined;
    const socket =
      tls === undefined
        ? connect({ host, port, noDelay: true })
        : // A server name may be no address. Source: RFC 6066, section 3.
          connectTls({ servername: isIP(host) === 0 ? host : '', ...tls, host, port }).setNoDelay();
    const connection: Connection = { socket, current: undefined, isReused: false, hasBegun: false };
    this.#watch(connection);
    return connection;
  }

  #watch(connection: Connection): void {
    const { socket } = connection;
    const entry = this.#open.enter(connection);
    let error: NodeJS.ErrnoException | undefined;
    const reader = createAnswerReader({
      onHead: (head) => connection.current?.onHead(head),
      onBody: (piece) => connection.current?.onBody(piece),
      onEnd: (isKept) => {
        const exchange = connection.current;
        connection.current = undefined;
        connection.isReused = true;
        if (isKept && socket.writable) this.#idle.push(connection);
        else socket.destroy();
        exchange?.onEnd();
      },
      onBroken: (reason) => this.#fail(connection, { outcome: 'failed', reason }),
    });
    socket.on('data', (piece: Buffer) => {
      if (connection.current === undefined) socket.destroy();
      connection.hasBegun = true;
      reader.push(piece);
    });
    // A server that closes a kept connection must not be sent another request on it.
    socket.on('end', () => {
      this.#forget(connection);
      reader.close();
    });
    socket.on('error', (thrown) => (error = thrown));
    socket.on('close', () => {
      this.#forget(connection);
      this.#open.leave(entry);
      this.#fail(connection, describeFailure(error));
    });
  }

  #forget(connection: Connection): void {
    const place = this.#idle.indexOf(connection);
    if (place !== -1) this.#idle.splice(place, 1);
  }

  #fail(connection: Connection, failure: ConnectionFailure): void {
    const { current: exchange, isReused, hasBegun } = connection;
    connection.current = undefined;
    connection.socket.destroy();
    if (exchange === undefined) return;
    // The server closed a kept connection while the request was on its way: it is sent again.
    const isStale = isReused && !hasBegun && failure.outcome === 'disconnected';
    const fresh = isStale ? this.#connect() : undefined;
    if (fresh === undefined) exchange.onFailure(failure);
    else send(fresh, exchange);
  }
}

function send(connection: Connection, exchange: Exchange): void {
  const { socket } = connection;
  connection.current = exchange;
  connection.hasBegun = false;
  if (exchange.bytes.length > 1) socket.cork();
  for (const piece of exchange.bytes) socket.write(piece);
  if (exchange.bytes.length > 1) socket.uncork();
}
