import type { CallBytes } from './call-bytes.ts';
import { Http2Connection } from './connection.ts';
import type { ServerAddress } from './open-socket.ts';
import type { Exchange } from './stream.ts';

export interface Http2ConnectionsOptions extends ServerAddress {
  readonly maxConnections: number;
}

/** Takes a request back; its exchange hears no more. */
export type CancelCall = () => void;

/** Connections of HTTP/2 to one server, as many as its limit of streams on each asks for. */
export interface Http2Connections extends Disposable {
  /** Sends a request; `undefined` when no connection takes one more. */
  open(call: CallBytes, exchange: Exchange): CancelCall | undefined;
}

/** How many requests a connection takes until the server has told on one. */
const firstLimit = 100;

export function createHttp2Connections({
  maxConnections,
  ...options
}: Http2ConnectionsOptions): Http2Connections {
  const connections = new Set<Http2Connection>();
  let streamLimit = firstLimit;

  function connect(): Http2Connection {
    const connection = new Http2Connection({
      ...options,
      // What other connections were told may have changed.
      streamLimit: Math.max(1, streamLimit),
      onStreamLimit: (limit) => (streamLimit = limit),
      onClose: () => connections.delete(connection),
    });
    connections.add(connection);
    return connection;
  }
  function findFree(): Http2Connection | undefined {
    for (const connection of connections) if (connection.hasRoom) return connection;
    // A server that takes no calls now takes none on another connection either.
    const isShut = streamLimit === 0 && connections.size > 0;
    return isShut || connections.size >= maxConnections ? undefined : connect();
  }

  return {
    open(call, exchange) {
      const connection = findFree();
      if (connection === undefined) return undefined;
      const stream = connection.open(call, exchange);
      return () => connection.cancel(stream);
    },
    [Symbol.dispose]: () => {
      for (const connection of connections) connection.destroy();
    },
  };
}
