import { lookup as dnsLookup } from 'node:dns';
import { Agent as HttpAgent, type IncomingMessage, get as httpGet } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { type LookupFunction, isIP } from 'node:net';
import { HeadwayError } from '../../../core/error.ts';
import { isGlobalAddress } from './address.ts';

const maxRedirects = 5;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface HttpClientOptions {
  /** Origins that may be plain http and have addresses that are not public. */
  readonly trustedOrigins: readonly string[];
  /** For the proxy variables (`HTTPS_PROXY`, `NO_PROXY`, …). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Certificates to trust in place of the built-in ones, as PEM. */
  readonly ca?: string | undefined;
}

export interface HttpGetOptions {
  /** `authorization` is sent to the URL's own origin only, never to where it redirects. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Header values by lower-case name. */
  readonly headers: IncomingMessage['headers'];
  /** The headers of the redirects that led here, in order. */
  readonly redirects: readonly IncomingMessage['headers'][];
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** To be read to its end or destroyed. */
  readonly body: IncomingMessage;
}

/** Fetches URLs that others may have chosen. */
export interface HttpClient {
  /**
   * GETs a URL and follows redirects. Each hop must be https to a public address, checked on the
   * address that is then connected to, or one of the trusted origins.
   * @throws HeadwayError `permission_denied` for a hop that is not allowed, `unavailable` when a
   * host cannot be reached.
   */
  get(url: URL, options: HttpGetOptions): Promise<HttpResponse>;
}

/** Makes a client; it keeps no connections open between calls. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const trusted = new Set(options.trustedOrigins);
  const proxyHosts = new Set(
    ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].flatMap((name) => {
      const url = URL.parse(options.env[name] ?? '');
      return url === null ? [] : [url.hostname];
    }),
  );
  const proxyEnv = { ...options.env };
  const plainAgent = new HttpAgent({ proxyEnv });
  const secureAgent = new HttpsAgent({ proxyEnv, ...(options.ca && { ca: options.ca }) });
  // A proxy is the operator's choice, and looks names up itself.
  const guardedLookup = createGuardedLookup((host) => proxyHosts.has(host));

  function getOnce(url: URL, { headers, signal }: HttpGetOptions): Promise<IncomingMessage> {
    const lookup = trusted.has(url.origin) ? undefined : guardedLookup;
    const shared = { headers, signal, ...(lookup && { lookup }) };
    return new Promise((resolve, reject) => {
      const request =
        url.protocol === 'https:'
          ? httpsGet(url, { ...shared, agent: secureAgent }, resolve)
          : httpGet(url, { ...shared, agent: plainAgent }, resolve);
      request.on('error', (error) =>
        reject(signal.aborted ? signal.reason : unreachable(url, error)),
      );
    });
  }

  return {
    async get(first, { headers, signal }) {
      let url = first;
      const redirects: IncomingMessage['headers'][] = [];
      for (let hop = 0; hop <= maxRedirects; hop += 1) {
        if (!trusted.has(url.origin)) assertPublic(url);
        const { authorization, ...others } = headers;
        const sent = authorization === undefined || url.origin !== first.origin ? others : headers;
        const body = await getOnce(url, {
          headers: { 'accept-encoding': 'identity', 'user-agent': 'headway', ...sent },
          signal,
        });
        const status = body.statusCode ?? 0;
        const { location } = body.headers;
        if (!redirectStatuses.has(status) || location === undefined) {
          return { status, headers: body.headers, redirects, url, body };
        }
        body.destroy();
        redirects.push(body.headers);
        url = nextHop(url, location);
      }
      throw new HeadwayError('unavailable', `${describeUrl(first)} redirects too often.`);
    },
  };
}

/** A URL as messages show it: without query, which may hold a signature or a key. */
export function describeUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function nextHop(from: URL, location: string): URL {
  const url = URL.parse(location, from.href);
  if (url !== null) return url;
  throw new HeadwayError('unavailable', `${describeUrl(from)} redirects to a malformed URL.`);
}

function assertPublic(url: URL): void {
  if (url.protocol !== 'https:') {
    throw new HeadwayError(
      'permission_denied',
      `Refused to fetch ${describeUrl(url)}: only https is allowed. If this host is yours, allow its origin: ${url.origin}`,
    );
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !isGlobalAddress(host)) throw notPublic(host);
}

function notPublic(host: string): HeadwayError {
  return new HeadwayError(
    'permission_denied',
    `Refused to connect to '${host}': its address is not of the public internet. If this host is yours, allow its origin (https://${host}).`,
  );
}

/** Name resolution that fails when any address of a name is not public. */
function createGuardedLookup(isExempt: (host: string) => boolean): LookupFunction {
  return (host, options, callback) => {
    dnsLookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      if (!isExempt(host) && !addresses.every(({ address }) => isGlobalAddress(address))) {
        return callback(notPublic(host), '');
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

function unreachable(url: URL, error: Error): HeadwayError {
  if (error instanceof HeadwayError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return new HeadwayError('unavailable', `Cannot reach ${url.origin} (${code}).`, { cause: error });
}
