import { invalidArgument } from '../../core/error.ts';
import type { PreparedRequest } from '../inputs/prepared-request.ts';
import { type HttpConnections, createHttpConnections } from './http-connections.ts';
import type { LoadClientOptions } from './load-client-options.ts';
import { prepareTls } from './prepare-tls.ts';

/** Up to this size a body is sent in one piece with its head. */
const joinBytes = 65_536;
const defaultMaxConnections = 4096;

/**
 * Reads the address of a server of HTTP.
 * @throws HeadwayError `invalid_argument` when it is none.
 */
export function parseHttpUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw invalidArgument(
      `The url '${text}' must begin with http:// or https:// and name a host, as http://127.0.0.1:8000 does.`,
    );
  }
  return url;
}

/**
 * Connections to the server at `url`; none is opened yet.
 * @throws HeadwayError `invalid_argument` when what TLS needs does not fit together.
 */
export function connectionsTo(
  url: URL,
  { tls, maxConnections = defaultMaxConnections }: LoadClientOptions,
): HttpConnections {
  const isTls = url.protocol === 'https:';
  return createHttpConnections({
    // URL keeps the brackets of an IPv6 host, which a socket address has not.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isTls ? 443 : 80)),
    tls: isTls ? prepareTls(tls) : undefined,
    maxConnections,
  });
}

/** A request of HTTP/1.1 as it goes out, in the pieces that are written. Source: RFC 9112. */
export function requestBytes(
  { method, path, headers, body }: PreparedRequest,
  { host, pathname }: URL,
): readonly Uint8Array[] {
  const lines = [
    `${method} ${pathname.replace(/\/+$/, '')}${path} HTTP/1.1`,
    `host: ${host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(method === 'POST' ? [`content-length: ${body.byteLength}`] : []),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body.byteLength <= joinBytes ? [Buffer.concat([head, body])] : [head, body];
}
