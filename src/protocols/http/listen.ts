import type { AddressInfo, Server } from 'node:net';
import { HeadwayError } from '../../core/error.ts';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** Where a server was found to listen. */
export interface BoundAddress {
  readonly port: number;
  /** `host:port`, the host in brackets where it is IPv6. */
  readonly authority: string;
}

/**
 * Makes a server listen.
 * @throws HeadwayError `failed_precondition` when the address cannot be listened on.
 */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<BoundAddress> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (cause: NodeJS.ErrnoException): void => {
    const reason = cause.code === 'EADDRINUSE' ? 'it is in use' : (cause.code ?? 'it failed');
    reject(
      new HeadwayError(
        'failed_precondition',
        `Cannot listen on ${host} port ${port}: ${reason}. Choose another host or port.`,
        { cause },
      ),
    );
  };
  server.once('error', onError);
  server.listen({ host, port, backlog: 1024 }, resolve);
  await promise;
  server.off('error', onError);
  const bound = server.address() as AddressInfo;
  const hostname = host.includes(':') ? `[${host}]` : host;
  return { port: bound.port, authority: `${hostname}:${bound.port}` };
}
