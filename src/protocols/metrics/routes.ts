import { sendJson } from '../http/respond.ts';
import type { Route } from '../http/route.ts';

/** The content type of the Prometheus text format. */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * `GET /metrics`.
 * @param render writes the exposition.
 */
export function createMetricsRoutes(render: () => string): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      plane: 'observability',
      handle({ response }) {
        const text = render();
        const length = String(Buffer.byteLength(text));
        response.writeHead(200, ['Content-Type', contentType, 'Content-Length', length]);
        response.end(text);
      },
      fail({ response }, error) {
        const status =
          { unauthenticated: 401, permission_denied: 403 }[error.code as string] ?? 500;
        sendJson(response, { status, json: JSON.stringify({ error: error.message }) });
      },
    },
  ];
}
