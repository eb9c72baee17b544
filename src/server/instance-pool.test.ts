import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackendModel, ModelSpec } from '../backends/backend.ts';
import { createFakeBackend } from '../backends/fake/fake-backend.ts';
import { modelConfig } from '../testing/model-config.ts';
import { createInstancePool } from './instance-pool.ts';

const config = (count: number): ReturnType<typeof modelConfig> =>
  modelConfig(`backend: "fake" instance_group [{ count: ${count} }]`);

const backend = createFakeBackend({
  find: () => ({ signature: { inputs: [], outputs: [] }, compute: (inputs) => inputs }),
});
const spec: ModelSpec = { name: 'net', version: 1, path: '/nowhere', config: config(1) };

test('createInstancePool() makes what the config wants, and grows and shrinks by it', async () => {
  const model = await backend.load(spec);
  const pool = await createInstancePool(model, config(2));
  assert.equal(backend.instanceCount, 2);
  const first = pool.instances;
  await pool.resize(config(3), async (instances) => {
    assert.deepEqual(instances.slice(0, 2), first);
    assert.equal(instances.length, 3);
  });
  assert.equal(backend.instanceCount, 3);
  await pool.resize(config(1), async (instances) => {
    assert.deepEqual(instances, first.slice(0, 1));
    assert.equal(backend.instanceCount, 3, 'the others are in use until this resolves');
  });
  assert.equal(backend.instanceCount, 1);
  await pool[Symbol.asyncDispose]();
  assert.equal(backend.instanceCount, 0);
});

test('createInstancePool() frees what it made when one cannot be made', async () => {
  const model = await backend.load(spec);
  let madeCount = 0;
  const failing: BackendModel = {
    ...model,
    createInstance(given) {
      madeCount += 1;
      return madeCount === 3 ? Promise.reject(new Error('no memory')) : model.createInstance(given);
    },
  };
  await assert.rejects(createInstancePool(failing, config(3)), /no memory/);
  assert.equal(backend.instanceCount, 0);
});
