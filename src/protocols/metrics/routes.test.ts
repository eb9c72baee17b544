import assert from 'node:assert/strict';
import test from 'node:test';
import { createSystemClock } from '../../core/clock.ts';
import { HeadwayError } from '../../core/error.ts';
import { silentLogger } from '../../core/logger.ts';
import { startHandler } from '../../testing/http-exchange.ts';
import { createHttpHandler } from '../http/handler.ts';
import type { Authorize } from '../http/route.ts';
import { createMetricsRoutes } from './routes.ts';

function handlerOf(
  render: () => string,
  authorize: Authorize,
): ReturnType<typeof createHttpHandler> {
  const routes = createMetricsRoutes(render);
  return createHttpHandler({ routes, authorize, clock: createSystemClock(), logger: silentLogger });
}

test('createMetricsRoutes() answers /metrics in the Prometheus text format, and nothing else', async () => {
  await using server = await startHandler(
    handlerOf(
      () => 'up 1\n',
      () => {},
    ),
  );
  const answer = await fetch(`${server.url}/metrics`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(await answer.text(), 'up 1\n');
  assert.equal((await fetch(`${server.url}/other`)).status, 404);
  assert.equal((await fetch(`${server.url}/metrics`, { method: 'POST' })).status, 405);
});

test('createMetricsRoutes() belongs to the observability plane', async () => {
  const planes: string[] = [];
  const refuse: Authorize = (plane) => {
    planes.push(plane);
    throw new HeadwayError('permission_denied', 'no');
  };
  await using server = await startHandler(handlerOf(() => '', refuse));
  const answer = await fetch(`${server.url}/metrics`);
  assert.deepEqual([answer.status, await answer.text()], [403, '{"error":"no"}']);
  assert.deepEqual(planes, ['observability']);
});

test('createMetricsRoutes() answers 500 when rendering fails', async () => {
  const broken = (): string => {
    throw new Error('broken');
  };
  await using server = await startHandler(handlerOf(broken, () => {}));
  assert.equal((await fetch(`${server.url}/metrics`)).status, 500);
});
