import { type Socket, type TcpNetConnectOpts, connect, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** Where a server is, and how it is spoken to. */
export interface ServerAddress {
  readonly hostname: string;
  readonly port: number;
  /** `undefined` where it is spoken to without TLS. */
  readonly tls?: ConnectionOptions | undefined;
}

const readBytes = 65_536;

/** Opens a socket that reads again and again into the same memory. */
export function openSocket(
  { hostname: host, port, tls }: ServerAddress,
  onRead: (bytes: Buffer, byteLength: number) => void,
): Socket {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  const options: TcpNetConnectOpts = {
    host,
    port,
    onread: {
      buffer,
      callback(byteLength) {
        onRead(buffer, byteLength);
        return true;
      },
    },
  };
  if (tls === undefined) return connect({ ...options, noDelay: true });
  // A server name may be no address. Source: RFC 6066, section 3.
  const servername = isIP(host) === 0 ? host : '';
  return connectTls({ servername, ...tls, ALPNProtocols: ['h2'], ...options }).setNoDelay();
}
