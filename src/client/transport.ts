import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, type AgentOptions, request as httpsRequest } from 'node:https';
import { HeadwayError } from '../core/error.ts';
import { toServerError } from './status.ts';

export interface TransportOptions {
  /** `http://host:port` or `https://…`; a path is put before every path of the protocol. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
  /** For node's agent: `maxSockets`, `ca`, `cert` and so on. Connections are kept alive. */
  readonly agentOptions?: AgentOptions | undefined;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash; its segments are percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly (string | Uint8Array)[];
  readonly signal?: AbortSignal | undefined;
}

export interface TransportAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Connections to one server, kept alive. */
export interface Transport extends Disposable {
  /**
   * Sends a request and reads its answer, whatever its status.
   * @throws HeadwayError `cancelled` when the signal aborts, `unavailable` when the server cannot
   * be reached or the connection breaks.
   */
  exchange(request: TransportRequest): Promise<TransportAnswer>;
  /**
   * As `exchange`, for answers that must be good.
   * @throws HeadwayError with the server's text and the code of its status, beside the above.
   */
  call(request: TransportRequest): Promise<TransportAnswer>;
}

/** @throws TypeError when the url is none, or not of HTTP. */
export function createTransport({ url, apiKey, agentOptions }: TransportOptions): Transport {
  const base = new URL(url);
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new TypeError(`The url '${url}' must begin with http:// or https://.`);
  }
  const isTls = base.protocol === 'https:';
  const agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true, ...agentOptions });
  const send = isTls ? httpsRequest : httpRequest;
  const prefix = base.pathname.replace(/\/+$/, '');
  const fixed = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };
  // URL keeps the brackets of an IPv6 host, which a socket address has not.
  const hostname = base.hostname.replace(/^\[|\]$/g, '');

  async function exchange(request: TransportRequest): Promise<TransportAnswer> {
    const { signal, body = [] } = request;
    let length = 0;
    for (const part of body) length += Buffer.byteLength(part);
    const headers: Record<string, string> = { ...fixed, ...request.headers };
    if (request.method === 'POST') headers['Content-Length'] = String(length);
    const open = (): ClientRequest =>
      send({
        agent,
        hostname,
        port: base.port,
        method: request.method,
        path: prefix + request.path,
        headers,
        ...(signal === undefined ? {} : { signal }),
      });
    try {
      return await sendOnce(open(), body).catch((thrown: unknown) => {
        if (thrown instanceof StaleConnection) return sendOnce(open(), body);
        throw thrown;
      });
    } catch (cause) {
      throw toTransportError(cause, { signal, origin: base.origin });
    }
  }

  return {
    exchange,
    async call(request) {
      const answer = await exchange(request);
      if (answer.status !== 200) throw toServerError(answer);
      return answer;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

/** The server closed a kept connection while the request was under way: sending again is right. */
class StaleConnection extends Error {}

function sendOnce(
  request: ClientRequest,
  body: readonly (string | Uint8Array)[],
): Promise<TransportAnswer> {
  return new Promise((resolve, reject) => {
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        const [first] = pieces;
        const whole = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
        resolve({ status, headers, body: whole });
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && error.code === 'ECONNRESET';
      reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    request.cork();
    for (const part of body) if (part.length > 0) request.write(part);
    request.end();
  });
}

function toTransportError(
  cause: unknown,
  { signal, origin }: { readonly signal: AbortSignal | undefined; readonly origin: string },
): HeadwayError {
  if (signal?.aborted === true) {
    return new HeadwayError('cancelled', 'The request was aborted by its signal.', { cause });
  }
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new HeadwayError('unavailable', `No answer from ${origin}: ${reason}.`, { cause });
}
