import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwayError } from '../src/core/error.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { row } from './support/models.ts';
import { type TestServer, serve, until } from './support/serve.ts';

const signature = `export const signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
};`;

/** `y = factor * x`, unless told otherwise. */
function scale(factor: number): string {
  return `
    import { type Execute, HeadwayError, elementsOf, inputOf, tensor } from 'headway/script';
    ${signature}
    export const execute: Execute = (requests) =>
      requests.map((request) => {
        const x = inputOf(request, 'x');
        const values = elementsOf(x, 'FP32');
        if (values[0] === -1) return new HeadwayError('out_of_range', 'x is below 0');
        if (values[0] === -2) throw new Error('a secret');
        if (values[0] === -3) process.exit(3);
        if (values[0] === -4) for (;;);
        return { y: tensor('FP32', x.shape, values.map((value) => value * ${factor})) };
      });`;
}

/** Calls another model by name. */
function calling(model: string): string {
  return `
    ${signature}
    export async function execute(requests, { infer }) {
      return Promise.all(requests.map(({ inputs: { x } }) => infer('${model}', { x })));
    }`;
}

async function ask(served: TestServer, model: string, x: number): Promise<readonly number[]> {
  const { outputs } = await served.client.infer({ model, inputs: [row('x', [x, 2])] });
  return [...(outputs.get('y')!.data as Float32Array)];
}

function failure(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HeadwayError);
    assert.match(error.message, message);
    return error.code === code;
  };
}

test('a script answers, fails and crashes for its own requests only', async () => {
  await using served = await serve(
    { 'scale/1/model.ts': scale(3), 'add/1/model.onnx': addModel() },
    { allowScripts: true },
  );
  assert.ok(served.server.isReady());
  assert.deepEqual(await ask(served, 'scale', 1), [3, 6]);
  const [bad, thrown, good] = await Promise.allSettled([
    ask(served, 'scale', -1),
    ask(served, 'scale', -2),
    ask(served, 'scale', 5),
  ]);
  assert.match(String(bad.status === 'rejected' && bad.reason), /x is below 0/);
  assert.match(String(thrown.status === 'rejected' && thrown.reason), /execute\(\) failed/);
  assert.doesNotMatch(String(thrown.status === 'rejected' && thrown.reason), /secret/);
  assert.deepEqual(good.status === 'fulfilled' && good.value, [15, 6]);
  await assert.rejects(ask(served, 'scale', -3), failure('internal', /ended with exit code 3/));
  assert.deepEqual(await ask(served, 'scale', 2), [6, 6]);
  const config = await served.client.modelConfig('scale');
  assert.equal(config['backend'], 'script');
});

test('scripts call models, and circles of calls are refused', { timeout: 30_000 }, async () => {
  await using served = await serve(
    {
      'scale/1/model.ts': scale(2),
      'outer/1/model.ts': calling('scale'),
      'ping/1/model.ts': calling('pong'),
      'pong/1/model.ts': calling('ping'),
      'lost/1/model.ts': calling('nowhere'),
    },
    { allowScripts: true },
  );
  assert.deepEqual(await ask(served, 'outer', 4), [8, 4]);
  assert.equal(await served.metric('nv_inference_request_success', { model: 'scale' }), 1);
  await assert.rejects(ask(served, 'outer', -1), failure('invalid_argument', /x is below 0/));
  await assert.rejects(ask(served, 'lost', 1), failure('not_found', /nowhere/));
  const both = await Promise.allSettled([ask(served, 'ping', 1), ask(served, 'pong', 1)]);
  for (const { status } of both) assert.equal(status, 'rejected');
  await assert.rejects(ask(served, 'ping', 1), /pong → ping → pong/);
});

test('a changed script is served, and one that cannot be loaded leaves the old one', async () => {
  await using served = await serve(
    { 'scale/1/model.ts': scale(3) },
    { allowScripts: true, modelControlMode: 'explicit', loadModels: ['*'] },
  );
  await served.repository.write({ 'scale/1/model.ts': scale(4) });
  await served.client.load('scale');
  assert.deepEqual(await ask(served, 'scale', 1), [4, 8]);
  await served.repository.write({ 'scale/1/model.ts': 'export const execute = 3;' });
  await assert.rejects(served.client.load('scale'), /'execute' is no function/);
  assert.deepEqual(await ask(served, 'scale', 1), [4, 8]);
});

test('a changed script is found by polling', async () => {
  await using served = await serve(
    { 'scale/1/model.ts': scale(3) },
    { allowScripts: true, modelControlMode: 'poll', repositoryPollMs: 100 },
  );
  const isNow = async (first: number): Promise<boolean> =>
    (await ask(served, 'scale', 1))[0] === first;
  assert.ok(await isNow(3));
  await served.repository.write({ 'scale/1/model.ts': scale(4) });
  await until(() => isNow(4));
});

test('instances of a script work side by side, and one that hangs holds no other up', async () => {
  await using served = await serve(
    { 'scale/1/model.ts': scale(3), 'scale/config.pbtxt': 'instance_group [{ count: 2 }]' },
    { allowScripts: true },
  );
  const gone = new AbortController();
  const inputs = [row('x', [-4, 0])];
  const hanging = served.client
    .infer({ model: 'scale', inputs, signal: gone.signal })
    .catch(() => 'gone');
  const isRunning = { model: 'scale' };
  await until(async () => (await served.metric('headway_in_flight_requests', isRunning)) === 1);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, x) => ask(served, 'scale', x)));
  assert.deepEqual(
    answers.map(([first]) => first),
    Array.from({ length: 20 }, (_, x) => 3 * x),
  );
  gone.abort();
  assert.equal(await hanging, 'gone');
  await until(async () => (await served.metric('headway_in_flight_requests', isRunning)) === 0);
  assert.deepEqual(await ask(served, 'scale', 1), [3, 6]);
});

test('a deadline ends a script that hangs, and the calls of other models with it', async () => {
  await using served = await serve(
    { 'scale/1/model.ts': scale(2), 'outer/1/model.ts': calling('scale') },
    { allowScripts: true },
  );
  for (const model of ['scale', 'outer']) {
    const inputs = [row('x', [-4, 0])];
    const late = served.client.infer({ model, inputs, deadlineMs: 300 });
    await assert.rejects(late, { code: 'deadline_exceeded' });
    assert.deepEqual(await ask(served, model, 1), [2, 4]);
  }
});

test('scripts run only where they are allowed, and never from a load request', async () => {
  await using closed = await serve({ 'scale/1/model.ts': scale(3) });
  assert.equal(closed.server.isReady(), false);
  const [entry] = await closed.client.repositoryIndex();
  assert.match(entry?.reason ?? '', /--allow-scripts/);
  await using open = await serve({}, { allowScripts: true, modelControlMode: 'explicit' });
  const files = new Map([['1/model.ts', Buffer.from(scale(3))]]);
  await assert.rejects(
    open.client.load('sent', { config: { backend: 'script' }, files }),
    /never from a load request/,
  );
});
