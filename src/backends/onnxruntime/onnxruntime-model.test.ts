import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelConfig } from '../../config/model-config.ts';
import {
  type OnnxRuntimeEnvironment,
  createOnnxRuntimeEnvironment,
} from '../../native/onnxruntime/environment.ts';
import { loadOnnxRuntimeLibrary } from '../../native/onnxruntime/load-library.ts';
import { addModel } from '../../testing/models/small-models.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import type { BackendModel } from '../backend.ts';
import { plainModelConfig, plainModelSpec } from '../../testing/backend-runs.ts';
import { loadOnnxRuntimeModel } from './onnxruntime-model.ts';

const coreCount = 4;

let folder = '';
let environment: OnnxRuntimeEnvironment;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headway-model-'));
  await writeModel(path.join(folder, 'model.onnx'), addModel());
  environment = await createOnnxRuntimeEnvironment(loadOnnxRuntimeLibrary(undefined), 'fatal');
});

after(async () => {
  environment[Symbol.dispose]();
  await rm(folder, { recursive: true });
});

const config = (count: number, parameters: ModelConfig['parameters'] = {}): ModelConfig =>
  plainModelConfig({
    instanceGroups: [{ name: 'model', count, kind: 'cpu', gpus: [] }],
    parameters,
  });

const load = (wanted: ModelConfig): Promise<BackendModel> =>
  loadOnnxRuntimeModel(plainModelSpec(folder, wanted), {
    starting: Promise.resolve({ environment, machine: { coreCount, handoffMs: 0 } }),
    leaseFile: () => Promise.resolve(undefined),
    onSessionBegun: () => {},
  });

test('loadOnnxRuntimeModel() is loaded for counts of instances that mean the same threads', async () => {
  await using one = await load(config(1));
  assert.deepEqual(
    [1, 2, 5].map((count) => one.isLoadedFor(config(count))),
    [true, false, false],
  );
  await using many = await load(config(4));
  assert.deepEqual(
    [3, 4, 5, 64].map((count) => many.isLoadedFor(config(count))),
    [false, true, true, true],
  );
});

test('loadOnnxRuntimeModel() is loaded for every count where the config says the threads', async () => {
  const parameters = { intra_op_thread_count: '2' };
  await using model = await load(config(1, parameters));
  assert.deepEqual(
    [1, 2, 64].map((count) => model.isLoadedFor(config(count, parameters))),
    [true, true, true],
  );
});

test(
  'loadOnnxRuntimeModel() starts so many threads that with the instances there are as many as cores',
  { skip: process.platform === 'linux' ? false : 'threads are counted in /proc' },
  async () => {
    // Models are freed at the end: a thread that ends is listed for a while.
    await using models = new AsyncDisposableStack();
    // The pool's own threads are started by its first use.
    models.use(await load(config(coreCount)));
    for (const count of [1, 2, 3, 4, 9]) {
      const beforeCount = (await readdir('/proc/self/task')).length;
      models.use(await load(config(count)));
      const startedCount = (await readdir('/proc/self/task')).length - beforeCount;
      assert.equal(startedCount, Math.max(0, coreCount - count), `for ${count} instances`);
    }
  },
);
