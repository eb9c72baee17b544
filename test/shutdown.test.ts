import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createServer } from '../src/cli/create-server.ts';
import { HeadwayError } from '../src/client/index.ts';
import { silentLogger } from '../src/core/logger.ts';
import { addModel, identityModel } from '../src/testing/models/small-models.ts';
import { serveInProcess } from './support/cli.ts';
import { blockingModel, occupy, quick, row, slowRows } from './support/models.ts';
import { createTestRepository, serve, until } from './support/serve.ts';

const blocking = {
  'slow/1/model.onnx': blockingModel({ isSummed: true }),
  'slow/config.pbtxt': 'max_batch_size: 0\ninstance_group [{ count: 1 }]\n',
};

const codeOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'answered',
    (error: unknown) => (error instanceof HeadwayError ? error.code : error),
  );

describe('a process that is told to stop', () => {
  test('is not ready, refuses what is new, answers what it has, and exits with 0', async () => {
    await using repository = await createTestRepository(blocking);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await using served = await serveInProcess(repository.root);
      const { client } = served;
      assert.equal(await client.isReady(), true);
      const running = client.infer({ model: 'slow', inputs: [slowRows(3000)] });
      const labels = { model: 'slow' };
      await until(async () => (await served.metric('headway_in_flight_requests', labels)) === 1);
      const waiting = quick(client, 'slow');
      await until(async () => (await served.metric('headway_queue_depth', labels)) === 1);
      served.child.kill(signal);
      await until(async () => !(await client.isReady()));
      assert.equal(await client.isLive(), true);
      assert.equal(await client.isModelReady('slow'), false);
      const refused = await fetch(`${served.urls.http}/v2/models/slow/infer`, {
        method: 'POST',
        body: JSON.stringify({
          inputs: [
            { name: 'input', datatype: 'FP32', shape: [1, 256], data: [...slowRows(1).data] },
          ],
        }),
      });
      assert.equal(refused.status, 503);
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
      await refused.arrayBuffer();
      assert.deepEqual(await Promise.all([codeOf(running), codeOf(waiting)]), [
        'answered',
        'answered',
      ]);
      assert.equal(await served.ended, 0);
    }
  });

  test('cuts off what takes longer than the exit timeout', async () => {
    await using repository = await createTestRepository(blocking);
    await using served = await serveInProcess(repository.root, '--exit-timeout', '200ms');
    const running = codeOf(served.client.infer({ model: 'slow', inputs: [slowRows(20_000)] }));
    const labels = { model: 'slow' };
    await until(async () => (await served.metric('headway_in_flight_requests', labels)) === 1);
    served.child.kill('SIGTERM');
    assert.equal(await running, 'unavailable');
    assert.equal(await served.ended, 0);
  });

  test('goes without delay when nothing is in flight, whatever connections are open', async () => {
    await using repository = await createTestRepository({ 'm/1/model.onnx': addModel() });
    await using served = await serveInProcess(repository.root);
    await Promise.all([served.client.isReady(), served.client.isReady(), served.client.isLive()]);
    served.child.kill('SIGTERM');
    assert.equal(await served.ended, 0);
  });
});

describe('close()', () => {
  test('answers a request that waits for a batch to fill', async () => {
    const served = await serve({
      'm/1/model.onnx': identityModel('FP32', [-1, 2]),
      'm/config.pbtxt': `max_batch_size: 8
dynamic_batching { max_queue_delay_microseconds: 100000000 }
`,
    });
    const waiting = served.client.infer({ model: 'm', inputs: [row('input', [1, 2])] });
    await until(async () => (await served.metric('headway_queue_depth', { model: 'm' })) === 1);
    const closed = served.server.close();
    assert.deepEqual([...(await waiting).outputs.get('output')!.data], [1, 2]);
    await closed;
    await served[Symbol.asyncDispose]();
  });

  test('may be called again, and together with loads and unloads', async () => {
    const served = await serve(
      { ...blocking, 'a/1/model.onnx': addModel(), 'b/1/model.onnx': addModel() },
      { modelControlMode: 'explicit', loadModels: ['slow', 'a'] },
    );
    const { client, server } = served;
    const held = await occupy(served, 'slow');
    const changes = [client.load('b'), client.unload('a'), client.unload('slow')].map(codeOf);
    const closed = [server.close(), server.close(), server[Symbol.asyncDispose]()];
    await held.cut();
    await Promise.all(closed);
    await Promise.all(changes);
    await assert.rejects(fetch(`${served.url}/v2/health/live`));
    await served[Symbol.asyncDispose]();
  });

  test('during the start keeps the models from loading that wait their turn', async () => {
    const model = addModel({ elements: 4 });
    const names = Array.from({ length: 60 }, (_, index) => `m${index}/1/model.onnx`);
    await using repository = await createTestRepository(
      Object.fromEntries(names.map((name) => [name, model])),
    );
    const stop = new AbortController();
    let loadedCount = 0;
    const errors: string[] = [];
    const logger = {
      ...silentLogger,
      error: (message: string) => void errors.push(message),
      info(message: string): void {
        if (message !== 'A model is in service.') return;
        loadedCount += 1;
        stop.abort();
      },
    };
    const server = await createServer(
      { modelRepositories: [repository.root], httpPort: 0, grpcPort: 0, metricsPort: 0 },
      { logger, signal: stop.signal },
    );
    assert.equal(server.isReady(), false);
    await server.close();
    assert.ok(loadedCount < names.length, `${loadedCount} models were loaded all the same`);
    assert.deepEqual(errors, []);
  });

  test('leaves the port free for the next server', async () => {
    await using repository = await createTestRepository({ 'm/1/model.onnx': addModel() });
    const config = { modelRepositories: [repository.root], grpcPort: 0, metricsPort: 0 };
    const first = await createServer({ ...config, httpPort: 0 });
    const httpPort = Number(new URL(first.urls.http).port);
    await first.close();
    await using second = await createServer({ ...config, httpPort });
    assert.equal(second.isReady(), true);
  });
});
