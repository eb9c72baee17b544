import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createOipHttpClient } from '../client/index.ts';
import { silentLogger } from '../core/logger.ts';
import { addModel } from '../testing/models/small-models.ts';
import { modelBytes } from '../testing/models/write-model.ts';
import { createServer } from './create-server.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'headway-test-'));
  await mkdir(join(root, 'add', '1'), { recursive: true });
  await writeFile(join(root, 'add', '1', 'model.onnx'), modelBytes(addModel({ elements: 2 })));
  await mkdir(join(root, 'sourced'));
  await writeFile(join(root, 'sourced', 'config.pbtxt'), `source: "file:${root}/add/1/model.onnx"`);
});
after(() => rm(root, { recursive: true }));

const ports = { httpPort: 0, grpcPort: 0, metricsPort: 0 };

test('createServer() serves a repository, its metrics, and a model that names its source', async () => {
  await using server = await createServer({
    ...ports,
    modelRepositories: [root],
    allowedSources: ['file:'],
    home: join(root, '..', `${root}-home`),
  });
  assert.equal(server.isReady(), true);
  using client = createOipHttpClient({ url: server.urls.http });
  const tensor = { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) } as const;
  const inputs = [
    { name: 'a', ...tensor },
    { name: 'b', ...tensor },
  ];
  for (const model of ['add', 'sourced']) {
    const { outputs } = await client.infer({ model, inputs });
    assert.deepEqual([...(outputs.get('sum')!.data as Float32Array)], [2, 4], model);
  }
  const metrics = await (await fetch(`${server.urls.metrics}/metrics`)).text();
  assert.match(metrics, /^nv_inference_count\{model="add",version="1"\} 1$/m);
  await rm(`${root}-home`, { recursive: true, force: true });
});

test('createServer() loads no source that is not allowed', async () => {
  const errors: unknown[] = [];
  const logger = {
    ...silentLogger,
    error: (_: string, fields: unknown) => void errors.push(fields),
  };
  await using server = await createServer({ ...ports, modelRepositories: [root] }, { logger });
  assert.equal(server.isReady(), false);
  assert.match(JSON.stringify(errors), /sourced.*is not allowed here/);
});

test('createServer() says which setting is wrong, and leaves nothing open', async () => {
  await assert.rejects(createServer({ ...ports, httpPort: -1 }), {
    code: 'invalid_argument',
    message: /createServer: setting 'httpPort' must be a whole number from 0 to 65535, got -1/,
  });
  await assert.rejects(createServer({ ...ports, modelRepositories: [join(root, 'none')] }), {
    code: 'failed_precondition',
    message: /is no folder/,
  });
  await assert.rejects(
    createServer({
      ...ports,
      modelRepositories: [root],
      modelControlMode: 'explicit',
      loadModels: ['*', 'add'],
    }),
    { code: 'invalid_argument', message: /'\*' must be the only model/ },
  );
});

test('createServer() returns at once when its signal is aborted, to be closed', async () => {
  await using server = await createServer(
    { ...ports, modelRepositories: [root] },
    { signal: AbortSignal.abort() },
  );
  assert.equal(server.isReady(), false);
  await Promise.all([server.close(), server.close()]);
  await assert.rejects(fetch(`${server.urls.http}/v2/health/live`));
});
