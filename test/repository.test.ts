import assert from 'node:assert/strict';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { HeadwayError, type OipClient } from '../src/client/index.ts';
import {
  addModel,
  identityModel,
  lookupModel,
  rowSumModel,
} from '../src/testing/models/small-models.ts';
import { modelBytes } from '../src/testing/models/write-model.ts';
import { blockingModel, occupy, quick, reluModel, row } from './support/models.ts';
import { serve, until } from './support/serve.ts';

async function refusal(call: Promise<unknown>): Promise<HeadwayError> {
  const error = await call.then(
    () => assert.fail('it was not refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HeadwayError, String(error));
  return error;
}

/** What relu makes of -1 and 2, which identity leaves as they are. */
async function answerOf(client: OipClient, model: string, version?: string): Promise<number[]> {
  const answer = await client.infer({ model, version, inputs: [row('input', [-1, 2])] });
  return [...(answer.outputs.get('output')!.data as Float32Array)];
}
const identity = identityModel('FP32', [-1, 'count']);
const explicit = { modelControlMode: 'explicit' } as const;

describe('control mode none', () => {
  test('is ready only when every model is, and the index says why one is not', async () => {
    await using served = await serve({
      'good/1/model.onnx': identity,
      'corrupt/1/model.onnx': 'this is no model',
      'empty/1/model.onnx': '',
      'missing/1/other.txt': 'no model file',
      'unversioned/config.pbtxt': 'max_batch_size: 0',
    });
    const { client } = served;
    assert.deepEqual([await client.isLive(), await client.isReady()], [true, false]);
    assert.equal(await client.isModelReady('good'), true);
    assert.equal(await client.isModelReady('corrupt'), false);
    assert.deepEqual(await answerOf(client, 'good'), [-1, 2]);
    const index = await client.repositoryIndex();
    const reasons = new Map(index.map(({ name, state, reason }) => [name, `${state}: ${reason}`]));
    assert.equal(reasons.get('good'), 'READY: ');
    assert.match(reasons.get('corrupt')!, /^UNAVAILABLE: .*model 'corrupt' version 1/);
    assert.match(reasons.get('empty')!, /^UNAVAILABLE: ./);
    assert.match(reasons.get('missing')!, /^UNAVAILABLE: .*no file 'model\.onnx'/);
    assert.match(reasons.get('unversioned')!, /^UNAVAILABLE: .*no version is available/);
    for (const text of reasons.values()) {
      assert.doesNotMatch(text, new RegExp(`${served.repository.root}|/home|node_modules`));
    }
    const error = await refusal(answerOf(client, 'corrupt'));
    assert.match(error.message, /Request for unknown model: 'corrupt' has no available versions/);
    const readyOnly = await client.repositoryIndex({ readyOnly: true });
    assert.deepEqual(readyOnly, [{ name: 'good', version: '1', state: 'READY', reason: '' }]);
  });

  test('refuses to load and unload, and serves the versions the policy selects', async () => {
    await using served = await serve({
      'latest/1/model.onnx': identity,
      'latest/2/model.onnx': reluModel(),
      'all/1/model.onnx': identity,
      'all/2/model.onnx': reluModel(),
      'all/config.pbtxt': 'version_policy { all {} }',
    });
    const { client } = served;
    assert.equal((await refusal(client.load('latest'))).code, 'unavailable');
    assert.equal((await refusal(client.unload('latest'))).code, 'unavailable');
    assert.deepEqual((await client.modelMetadata('latest')).versions, ['2']);
    assert.equal((await refusal(answerOf(client, 'latest', '1'))).code, 'not_found');
    assert.deepEqual((await client.modelMetadata('all')).versions, ['1', '2']);
    assert.deepEqual(await answerOf(client, 'all', '1'), [-1, 2]);
    assert.deepEqual(await answerOf(client, 'all', '2'), [0, 2]);
    assert.deepEqual(await answerOf(client, 'all'), [0, 2]);
  });

  test('keeps a version out of service whose warm-up fails', async () => {
    const warmup = (file: string): string => `max_batch_size: 4
input [{ name: "index" data_type: TYPE_INT64 dims: [] }]
model_warmup [{ name: "w" batch_size: 1 inputs {
  key: "index" value { data_type: TYPE_INT64 dims: [] input_data_file: "${file}" } } }]
`;
    const index = (value: bigint): Buffer => Buffer.from(BigInt64Array.of(value).buffer);
    await using served = await serve({
      'good/1/model.onnx': lookupModel(),
      'good/config.pbtxt': warmup('seven'),
      'good/warmup/seven': index(7n),
      'bad/1/model.onnx': lookupModel(),
      'bad/config.pbtxt': warmup('far'),
      'bad/warmup/far': index(99n),
      'none/1/model.onnx': lookupModel(),
      'none/config.pbtxt': warmup('missing'),
    });
    const { client } = served;
    assert.deepEqual(
      await Promise.all(['good', 'bad', 'none'].map((name) => client.isModelReady(name))),
      [true, false, false],
    );
    const reasons = (await client.repositoryIndex()).map(
      ({ name, reason }) => `${name}: ${reason}`,
    );
    assert.match(reasons[0]!, /^bad: .*out of data bounds/);
    assert.match(reasons[2]!, /^none: .*missing/);
  });

  test('tells file, line and field of what is wrong in a config', async () => {
    await using served = await serve({
      'unknown/1/model.onnx': identity,
      'unknown/config.pbtxt': 'max_batch_size: 4\ndynamic_batchin { }\n',
      'syntax/1/model.onnx': identity,
      'syntax/config.pbtxt': 'max_batch_size: 4\n\ninput [ {\n  name: }\n]',
      'yaml/1/model.onnx': identity,
      'yaml/model.yaml': 'max_batch_size: 4\ninstance_group:\n  - cuont: 2\n',
      'wrong/1/model.onnx': identity,
      'wrong/config.pbtxt':
        'max_batch_size: 4\ninput [{ name: "inptu" data_type: TYPE_FP32 dims: [-1] }]\n',
    });
    const index = await served.client.repositoryIndex();
    const reasonOf = (name: string): string => index.find((entry) => entry.name === name)!.reason!;
    assert.match(reasonOf('unknown'), /config\.pbtxt line 2: .*dynamic_batchin'.*dynamic_batching/);
    assert.match(reasonOf('syntax'), /config\.pbtxt:4:9: expected a value/);
    assert.match(reasonOf('yaml'), /model\.yaml line 3: .*cuont.*count/);
    assert.match(reasonOf('wrong'), /inptu/);
  });
});

describe('control mode explicit', () => {
  test('loads and unloads on request, with a config and files of the request if it has them', async () => {
    await using served = await serve(
      { 'one/1/model.onnx': identity, 'two/1/model.onnx': reluModel() },
      { ...explicit, loadModels: ['one'] },
    );
    const { client } = served;
    assert.deepEqual([await client.isReady(), await client.isModelReady('two')], [true, false]);
    await client.load('two', { config: { max_batch_size: 7 } });
    assert.equal((await client.modelConfig('two'))['max_batch_size'], 7);
    await client.load('two');
    assert.equal((await client.modelConfig('two'))['max_batch_size'], 4);
    const temporary = join(served.repository.root, 'temporary');
    await mkdir(temporary);
    const { TMPDIR: usual } = process.env;
    process.env['TMPDIR'] = temporary;
    await client.load('two', {
      config: { backend: 'onnxruntime' },
      files: new Map([['3/model.onnx', modelBytes(identity)]]),
    });
    assert.deepEqual(await answerOf(client, 'two', '3'), [-1, 2]);
    assert.deepEqual((await client.modelMetadata('two')).versions, ['3']);
    assert.deepEqual(await readdir(temporary), []);
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
    await rm(temporary, { recursive: true });
    await client.unload('two');
    assert.equal(await client.isModelReady('two'), false);
    assert.equal(await client.isReady(), true);
    assert.deepEqual(
      (await client.repositoryIndex()).map(({ name, state }) => [name, state]),
      [
        ['one', 'READY'],
        ['two', 'UNAVAILABLE'],
        ['two', 'UNAVAILABLE'],
      ],
    );
  });

  test('keeps the old version serving when a reload fails', async () => {
    await using served = await serve(
      { 'm/1/model.onnx': identity },
      { ...explicit, loadModels: ['*'] },
    );
    const { client, repository } = served;
    await repository.write({ 'm/1/model.onnx': 'broken' });
    assert.equal((await refusal(client.load('m'))).code, 'invalid_argument');
    assert.deepEqual(await answerOf(client, 'm'), [-1, 2]);
    assert.equal(
      (await refusal(client.load('m', { config: { max_batch: 3 } }))).code,
      'invalid_argument',
    );
    assert.deepEqual(await answerOf(client, 'm'), [-1, 2]);
    await repository.write({ 'm/1/model.onnx': reluModel() });
    await client.load('m');
    assert.deepEqual(await answerOf(client, 'm'), [0, 2]);
  });

  test('applies a change of the instance count alone in place, while requests run', async () => {
    await using served = await serve(
      {
        'm/1/model.onnx': blockingModel(),
        'm/config.pbtxt': 'max_batch_size: 0\ninstance_group [{ count: 1 }]\n',
      },
      { ...explicit, loadModels: ['*'] },
    );
    const { client, repository } = served;
    const occupation = await occupy(served, 'm');
    const waiting = quick(client, 'm');
    await until(async () => (await served.metric('headway_queue_depth', { model: 'm' })) === 1);
    const loadSecs = await served.metric('nv_model_load_duration_secs', { model: 'm' });
    await repository.write({
      'm/config.pbtxt': 'max_batch_size: 0\ninstance_group [{ count: 2 }]\n',
    });
    await client.load('m');
    // The one instance there was is still held: the new one answers.
    await waiting;
    assert.equal(await served.metric('nv_model_load_duration_secs', { model: 'm' }), loadSecs);
    assert.deepEqual(
      ((await client.modelConfig('m'))['instance_group'] as { count: number }[])[0]!.count,
      2,
    );
    await repository.write({
      'm/config.pbtxt': 'max_batch_size: 0\ninstance_group [{ count: 1 }]\n',
    });
    const shrunk = client.load('m');
    await quick(client, 'm').catch(() => {});
    await occupation.release();
    await shrunk;
    await quick(client, 'm');
  });

  test('finishes the requests in flight when it unloads, and takes no new ones', async () => {
    await using served = await serve(
      {
        'm/1/model.onnx': blockingModel(),
        'm/config.pbtxt': 'max_batch_size: 0\ninstance_group [{ count: 1 }]\n',
      },
      { ...explicit, loadModels: ['*'] },
    );
    const { client } = served;
    const occupation = await occupy(served, 'm');
    const accepted = [quick(client, 'm'), quick(client, 'm')];
    await until(async () => (await served.metric('headway_queue_depth', { model: 'm' })) === 2);
    const unloaded = client.unload('m');
    await until(async () => !(await client.isModelReady('m')));
    assert.equal((await client.repositoryIndex())[0]!.state, 'UNLOADING');
    await refusal(quick(client, 'm'));
    await occupation.cut();
    await Promise.all(accepted);
    await unloaded;
    assert.equal((await client.repositoryIndex())[0]!.state, 'UNAVAILABLE');
  });

  test('refuses hostile names, versions and file paths in the form of the protocol', async () => {
    await using served = await serve({ 'm/1/model.onnx': identity }, explicit);
    const post = async (path: string, body: unknown = {}): Promise<number> => {
      const answer = await fetch(`${served.url}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      const { error } = (await answer.json()) as { error: string };
      assert.equal(typeof error, 'string');
      assert.ok(error.length < 1000 && !error.includes(served.repository.root), error);
      return answer.status;
    };
    const names = [
      '..%2F..%2Fetc',
      '%2e%2e',
      '..',
      '.',
      '%00',
      'a%2Fb',
      '-x',
      'x'.repeat(300),
      'none',
      '%',
    ];
    for (const name of names) {
      const status = await post(`/v2/repository/models/${name}/load`);
      assert.ok(status >= 400 && status < 500, `${name}: ${status}`);
    }
    const file = Buffer.from('x').toString('base64');
    for (const path of [
      '../x',
      '1/../../x',
      '/etc/x',
      '1/a/b',
      '1//',
      '',
      '1/',
      '0/model.onnx',
      '1/\0',
    ]) {
      const status = await post('/v2/repository/models/m/load', {
        parameters: { config: '{}', [`file:${path}`]: file },
      });
      assert.equal(status, 400, path);
    }
    for (const version of ['0', '-1', '1.0', '99999999999999999999', 'x', '1e3']) {
      const status = await post(`/v2/models/m/versions/${version}/infer`);
      assert.ok(status >= 400 && status < 500, `${version}: ${status}`);
    }
    assert.equal((await served.client.repositoryIndex()).length, 1);
  });
});

describe('control mode poll', () => {
  test('replaces a model under load without losing a request', async () => {
    await using served = await serve(
      { 'm/1/model.onnx': identity },
      { modelControlMode: 'poll', repositoryPollMs: 100 },
    );
    const { client, repository } = served;
    const over = new AbortController();
    const seen = new Set<string>();
    const load = async (): Promise<void> => {
      while (!over.signal.aborted) seen.add((await answerOf(client, 'm')).join());
    };
    const clients = [load(), load(), load(), load()];
    await repository.write({ 'm/1/model.onnx': reluModel() });
    await until(async () => (await answerOf(client, 'm'))[0] === 0);
    await repository.write({ 'm/2/model.onnx': identity });
    await until(async () => (await client.modelMetadata('m')).versions[0] === '2');
    over.abort();
    await Promise.all(clients);
    assert.deepEqual([...seen].toSorted(), ['-1,2', '0,2']);
  });

  test('takes new models in, and removed ones out', async () => {
    await using served = await serve(
      { 'a/1/model.onnx': identity },
      { modelControlMode: 'poll', repositoryPollMs: 100 },
    );
    const { client, repository } = served;
    await repository.write({ 'b/1/model.onnx': addModel() });
    await until(() => client.isModelReady('b'));
    await repository.remove('a');
    await until(async () => !(await client.isModelReady('a')));
    await repository.write({ 'c/1/model.onnx': 'broken' });
    await until(async () => !(await client.isReady()));
    await repository.write({ 'c/1/model.onnx': rowSumModel() });
    await until(() => client.isReady());
  });
});
