import type { IncomingMessage } from 'node:http';
import { sendJson } from '../../http/respond.ts';
import type { HttpExchange, Route } from '../../http/route.ts';
import { failOip } from '../status.ts';
import type { DocumentOptions } from './document.ts';

/**
 * Adds to routes those that tell of them: `/v2/openapi.json`, the OpenAPI 3.1 document of exactly
 * the routes that are served, and `/v2/docs`, the same as a page.
 */
export function withDocumentation(
  routes: readonly Route[],
  options: DocumentOptions,
): readonly Route[] {
  const all: Route[] = [...routes];
  // Written once: who asks for it many times in one write would keep the server from all else.
  let document: string | undefined;
  // What writes them is read in when it is first asked for: a start has no time for it.
  all.push(
    documentationRoute('/v2/openapi.json', async ({ response }) => {
      const { createOpenApiDocument } = await import('./document.ts');
      document ??= JSON.stringify(createOpenApiDocument(all, options));
      sendJson(response, { json: document });
    }),
    documentationRoute('/v2/docs', async ({ request, response }) => {
      const { pageHeaders, renderDocsPage } = await import('./page.ts');
      const page = renderDocsPage(all, { ...options, baseUrl: baseUrlOf(request) });
      const length = String(Buffer.byteLength(page));
      response.writeHead(200, [...pageHeaders(), 'Content-Length', length]);
      response.end(page);
    }),
  );
  return all;
}

function documentationRoute(
  path: string,
  handle: (exchange: HttpExchange) => Promise<void>,
): Route {
  return { method: 'GET', path, plane: 'inference', handle, fail: failOip };
}

/** Where the reader reached the server, for examples; a host of odd characters is not repeated. */
function baseUrlOf({ headers, socket }: IncomingMessage): string {
  const { host = '' } = headers;
  const scheme = 'encrypted' in socket ? 'https' : 'http';
  return `${scheme}://${/^[\w.:[\]-]{1,255}$/.test(host) ? host : 'localhost:8000'}`;
}
