import type { InferenceServer } from '../server/interface.ts';
import { type FakeServer, createFakeServer } from './fake-server.ts';
import { type OipServerOptions, startOipServer } from './http-exchange.ts';

/** A fake server that listens for HTTP, and what it answers. */
export interface EchoOverHttp extends AsyncDisposable {
  readonly fake: FakeServer;
  readonly port: number;
  call(path: string, init?: RequestInit): Promise<HttpAnswer>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
}

/**
 * Serves the fake server's model `echo` over HTTP.
 * @param overrides replace single use cases.
 */
export async function echoOverHttp(
  overrides: Partial<InferenceServer> = {},
  options: OipServerOptions = {},
): Promise<EchoOverHttp> {
  const fake = createFakeServer(overrides);
  const server = await startOipServer(fake, options);
  return {
    fake,
    port: server.port,
    async call(path, init) {
      const response = await fetch(server.url + path, init);
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, text: bytes.toString(), bytes };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A POST request. */
export function post(
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = {},
): RequestInit {
  return { method: 'POST', body, headers };
}
