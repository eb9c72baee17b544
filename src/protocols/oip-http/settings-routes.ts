import type { InferenceServer } from '../../server/interface.ts';
import { sendJson } from '../http/respond.ts';
import type { HttpExchange, Route } from '../http/route.ts';
import { decodeLogSettings, decodeTraceSettings, encodeTraceSettings } from './codec/settings.ts';
import { failOip } from './status.ts';
import { type BodyRouteOptions, withBody } from './with-body.ts';

/** Triton's trace and logging extensions: the settings, to be read and changed while serving. */
export function createSettingsRoutes(
  { tracing, logging }: Pick<InferenceServer, 'tracing' | 'logging'>,
  options: BodyRouteOptions,
): readonly Route[] {
  const onTrace = (path: string): readonly Route[] => [
    readRoute(path, ({ params: [model = ''] }) => encodeTraceSettings(tracing.settings(model))),
    changeRoute(path, async (exchange) => {
      const [model = ''] = exchange.params;
      const texts = await withBody(exchange, options, decodeTraceSettings);
      return encodeTraceSettings(tracing.update(model, texts));
    }),
  ];
  return [
    ...onTrace('/v2/trace/setting'),
    ...onTrace('/v2/models/{model}/trace/setting'),
    readRoute('/v2/logging', () => JSON.stringify(logging.settings())),
    changeRoute('/v2/logging', async (exchange) => {
      const changes = await withBody(exchange, options, decodeLogSettings);
      return JSON.stringify(logging.update(changes));
    }),
  ];
}

function readRoute(path: string, write: (exchange: HttpExchange) => string): Route {
  return {
    method: 'GET',
    path,
    plane: 'observability',
    handle: (exchange) => sendJson(exchange.response, { json: write(exchange) }),
    fail: failOip,
  };
}

function changeRoute(path: string, change: (exchange: HttpExchange) => Promise<string>): Route {
  return {
    method: 'POST',
    path,
    plane: 'admin',
    handle: async (exchange) => sendJson(exchange.response, { json: await change(exchange) }),
    fail: failOip,
  };
}
