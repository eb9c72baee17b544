import type { Clock } from '../../core/clock.ts';
import { HeadwayError } from '../../core/error.ts';
import type { InferenceServer } from '../../server/interface.ts';
import { type BodyLimits, createByteBudget } from '../http/limits.ts';
import { sendEmpty, sendJson } from '../http/respond.ts';
import type { HttpExchange, Plane, Route } from '../http/route.ts';
import {
  encodeModelFiles,
  encodeModelMetadata,
  encodeRepositoryIndex,
  encodeServerMetadata,
  encodeStatistics,
} from './codec/metadata.ts';
import { decodeIndexRequest, decodeLoadRequest, decodeUnloadRequest } from './codec/repository.ts';
import { createInferHandler } from './infer.ts';
import { createSettingsRoutes } from './settings-routes.ts';
import { createSharedMemoryRoutes } from './shared-memory-routes.ts';
import { failOip } from './status.ts';
import { type BodyRouteOptions, withBody } from './with-body.ts';

export interface OipRoutesOptions {
  readonly server: InferenceServer;
  readonly clock: Clock;
  readonly limits: BodyLimits;
  /** Which headers become parameters of infer requests; none without it. */
  readonly headerPattern?: RegExp | undefined;
}

/**
 * The routes of the Open Inference Protocol v2 and of Triton's extensions that work here, for
 * joining with those of other protocols.
 */
export function createOipRoutes(options: OipRoutesOptions): readonly Route[] {
  const { server, limits } = options;
  const budget = createByteBudget(limits.maxBufferedBytes, limits.collectYoung);
  return [
    ...healthRoutes(server),
    ...modelRoutes(server),
    ...onModel('POST', '/infer', 'inference', createInferHandler({ ...options, budget })),
    ...repositoryRoutes(server, { limits, budget }),
    ...createSettingsRoutes(server, { limits, budget }),
    ...createSharedMemoryRoutes(server.sharedMemory, { limits, budget }),
  ];
}

function route(method: Route['method'], path: string, rest: RouteRest): Route {
  return { method, path, plane: rest.plane, handle: rest.handle, fail: failOip };
}

interface RouteRest {
  readonly plane: Plane;
  readonly handle: Route['handle'];
}

/** A route under a model, with and without its version. */
function onModel(
  method: Route['method'],
  suffix: string,
  plane: Plane,
  handle: Route['handle'],
): readonly Route[] {
  return [
    route(method, `/v2/models/{model}${suffix}`, { plane, handle }),
    route(method, `/v2/models/{model}/versions/{version}${suffix}`, { plane, handle }),
  ];
}

function healthRoutes(server: InferenceServer): readonly Route[] {
  const answer = ({ response }: HttpExchange, good: boolean): void =>
    sendEmpty(response, good ? 200 : 400);
  return [
    route('GET', '/v2/health/live', {
      plane: 'health',
      handle: (exchange) => answer(exchange, server.isLive()),
    }),
    route('GET', '/v2/health/ready', {
      plane: 'health',
      handle: (exchange) => answer(exchange, server.isReady()),
    }),
    ...onModel('GET', '/ready', 'inference', (exchange) => {
      const [model = '', version = ''] = exchange.params;
      answer(exchange, server.isModelReady(model, version));
    }),
  ];
}

function modelRoutes(server: InferenceServer): readonly Route[] {
  return [
    route('GET', '/v2', {
      plane: 'inference',
      handle: ({ response }) =>
        sendJson(response, { json: encodeServerMetadata(server.serverMetadata()) }),
    }),
    ...onModel('GET', '', 'inference', ({ response, params: [model = '', version = ''] }) =>
      sendJson(response, { json: encodeModelMetadata(server.modelMetadata(model, version)) }),
    ),
    ...onModel('GET', '/config', 'inference', ({ response, params: [model = '', version = ''] }) =>
      sendJson(response, { json: JSON.stringify(server.modelConfig(model, version)) }),
    ),
    ...onModel(
      'GET',
      '/files',
      'inference',
      async ({ response, params: [model = '', version = ''] }) =>
        sendJson(response, { json: encodeModelFiles(await server.modelFiles(model, version)) }),
    ),
    ...onModel(
      'GET',
      '/stats',
      'observability',
      ({ response, params: [model = '', version = ''] }) =>
        sendJson(response, { json: encodeStatistics(server.statistics(model, version)) }),
    ),
    route('GET', '/v2/models/stats', {
      plane: 'observability',
      handle: ({ response }) =>
        sendJson(response, { json: encodeStatistics(server.statistics('', '')) }),
    }),
  ];
}

function repositoryRoutes(server: InferenceServer, options: BodyRouteOptions): readonly Route[] {
  const plane = 'admin';
  const refuseNamed = ({ params: [repository = ''] }: HttpExchange): never => {
    throw new HeadwayError(
      'unimplemented',
      `A named repository ('${repository}') is not supported; leave the repository name out.`,
    );
  };
  const onRepository = (suffix: string, handle: Route['handle']): readonly Route[] => [
    route('POST', `/v2/repository${suffix}`, { plane, handle }),
    route('POST', `/v2/repository/{repository}${suffix}`, { plane, handle: refuseNamed }),
  ];
  return [
    ...onRepository('/index', async (exchange) => {
      const readyOnly = await withBody(exchange, options, decodeIndexRequest);
      sendJson(exchange.response, {
        json: encodeRepositoryIndex(server.repositoryIndex(readyOnly)),
      });
    }),
    ...onRepository('/models/{model}/load', async (exchange) => {
      // The files of a model may be in the body: it is held until they are written.
      await withBody(exchange, options, (body) =>
        server.loadModel(exchange.params[0] ?? '', decodeLoadRequest(body)),
      );
      sendEmpty(exchange.response, 200);
    }),
    ...onRepository('/models/{model}/unload', async (exchange) => {
      await withBody(exchange, options, decodeUnloadRequest);
      await server.unloadModel(exchange.params[0] ?? '');
      sendEmpty(exchange.response, 200);
    }),
  ];
}
