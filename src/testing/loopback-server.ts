import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on the loopback address that plays a part in a test. */
export interface LoopbackServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** What was asked, in order. */
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
  }[];
}

/** Starts a server on a free port. */
export async function startLoopbackServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LoopbackServer> {
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with a file as a good static server does: entity tag, ranges, `If-Range`. */
export function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: { readonly data: Uint8Array; readonly etag: string },
): void {
  const { data, etag } = file;
  const { range, 'if-range': ifRange } = request.headers;
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? Number.NaN);
  const isPart = Number.isInteger(start) && (ifRange === undefined || ifRange === etag);
  if (!isPart) {
    response.writeHead(200, { etag, 'content-length': data.length }).end(data);
  } else if (start >= data.length) {
    response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end();
  } else {
    const bounds = `bytes ${start}-${data.length - 1}/${data.length}`;
    response
      .writeHead(206, { etag, 'content-range': bounds, 'content-length': data.length - start })
      .end(data.subarray(start));
  }
}
