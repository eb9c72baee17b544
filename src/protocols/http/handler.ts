import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { HeadwayError, toHeadwayError } from '../../core/error.ts';
import type { Logger } from '../../core/logger.ts';
import { canRespond, sendJson } from './respond.ts';
import type { Authorize, HttpExchange, Route } from './route.ts';
import { createRouter } from './router.ts';

/** What node:http calls for every request. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpHandlerOptions {
  readonly routes: readonly Route[];
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Routes requests, with one gate for all of them: the matched route's plane is authorized before
 * the route sees the request, and an unmatched path is authorized too before it is called unknown,
 * so without a key nothing is learnt about the paths.
 */
export function createHttpHandler(options: HttpHandlerOptions): HttpHandler {
  const { authorize, clock, logger } = options;
  const findRoute = createRouter(options.routes);
  const fallback = { fail: failUnrouted };

  return (request, response) => {
    const match = findRoute(request.method ?? '', request.url ?? '');
    const route = match.kind === 'route' ? match.route : fallback;
    const params = match.kind === 'route' ? match.params : [];
    const exchange: HttpExchange = { request, response, params, startMs: clock.nowMs() };
    try {
      if (match.kind !== 'route') {
        authorize('inference', request.headers);
        answerUnrouted(response, match);
        return;
      }
      if (match.route.plane === 'admin') refuseForeignPages(request);
      if (match.route.plane !== 'health') authorize(match.route.plane, request.headers);
      const done = match.route.handle(exchange);
      if (done === undefined) return;
      done.catch((thrown: unknown) => fail(exchange, route, thrown));
    } catch (thrown) {
      fail(exchange, route, thrown);
    }
  };

  function fail(exchange: HttpExchange, route: Pick<Route, 'fail'>, thrown: unknown): void {
    const error = toHeadwayError(thrown);
    if (error.code === 'internal') {
      const { method, url } = exchange.request;
      logger.error('A request failed.', { method, path: url, error: error.cause ?? error });
    }
    if (canRespond(exchange.response)) route.fail(exchange, error);
    // Half an answer cannot be mended: the client must not take it for a whole one.
    else if (!exchange.response.writableEnded) exchange.response.destroy();
  }
}

/**
 * Browsers let any page send a plain POST to any address, a loopback one included, and name the page
 * in `Origin`. Such a page must not load or unload models.
 */
function refuseForeignPages({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return;
  throw new HeadwayError('permission_denied', 'Pages of other sites may not change this server.');
}

type Unrouted = Exclude<ReturnType<ReturnType<typeof createRouter>>, { kind: 'route' }>;

function answerUnrouted(response: ServerResponse, match: Unrouted): void {
  switch (match.kind) {
    case 'unknown':
      sendJson(response, { status: 404, json: '{"error":"Not Found"}' });
      return;
    case 'wrong_method':
      sendJson(response, {
        status: 405,
        json: '{"error":"Method Not Allowed"}',
        headers: ['Allow', match.allow],
      });
      return;
    case 'bad_path':
      sendJson(response, {
        status: 400,
        json: '{"error":"The request target is not a valid path."}',
      });
      return;
    default:
      match satisfies never;
  }
}

function failUnrouted({ response }: HttpExchange, error: HeadwayError): void {
  const status =
    error.code === 'permission_denied' ? 403 : error.code === 'unauthenticated' ? 401 : 500;
  sendJson(response, { status, json: JSON.stringify({ error: error.message }) });
}
