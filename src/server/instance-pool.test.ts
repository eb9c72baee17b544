import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BackendInstance, BackendModel, ModelSpec } from '../backends/backend.ts';
import { type FakeBackend, createFakeBackend } from '../backends/fake/fake-backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { modelConfig } from '../testing/model-config.ts';
import { type InstancePool, type InstancePoolParts, createInstancePool } from './instance-pool.ts';

const config = (count: number): ModelConfig =>
  modelConfig(`backend: "fake" instance_group [{ count: ${count} }]`);

const countOf = ({ instanceGroups }: ModelConfig): number | undefined => instanceGroups[0]?.count;

interface Bench {
  readonly backend: FakeBackend;
  /** The instances that were warmed up, once for each time they were. */
  readonly warmed: BackendInstance[];
  /** Changes what the next step does. */
  readonly parts: { -readonly [Part in keyof InstancePoolParts]: InstancePoolParts[Part] };
  open(count: number): Promise<InstancePool>;
}

/** A pool's surroundings. @param isLoadedFor as the model has it. */
async function bench(
  isLoadedFor: (loaded: ModelConfig, wanted: ModelConfig) => boolean = () => true,
): Promise<Bench> {
  const backend = createFakeBackend({
    find: () => ({
      signature: { inputs: [], outputs: [] },
      compute: (inputs) => inputs,
      isLoadedFor,
    }),
  });
  const load = (wanted: ModelConfig): Promise<BackendModel> => {
    const spec: ModelSpec = { name: 'net', version: 1, path: '/nowhere', config: wanted };
    return backend.load(spec);
  };
  const warmed: BackendInstance[] = [];
  const warmUpAll: InstancePoolParts['warmUpAll'] = async (instances) => {
    warmed.push(...instances);
  };
  const parts = { model: await load(config(1)), load, warmUpAll };
  return {
    backend,
    warmed,
    parts,
    async open(count) {
      parts.model = await load(config(count));
      return createInstancePool(parts, config(count));
    },
  };
}

/** Every count needs a model of its own. */
const byCount = (loaded: ModelConfig, wanted: ModelConfig): boolean =>
  countOf(loaded) === countOf(wanted);

test('createInstancePool() makes what the config wants, and grows and shrinks by it', async () => {
  const { backend, warmed, parts } = await bench();
  const pool = await createInstancePool(parts, config(2));
  assert.equal(backend.instanceCount, 2);
  const first = pool.instances;
  assert.deepEqual(warmed, first);
  await pool.resize(config(3), async (instances) => {
    assert.deepEqual(instances.slice(0, 2), first);
    assert.equal(instances.length, 3);
    assert.deepEqual(warmed, instances, 'the new one is warm before it gets work, the others are');
  });
  assert.equal(backend.instanceCount, 3);
  parts.warmUpAll = () => Promise.reject(new Error('nothing is new'));
  const idle = Promise.withResolvers<void>();
  await pool.resize(config(1), (instances) => {
    assert.deepEqual(instances, first.slice(0, 1));
    return idle.promise;
  });
  assert.equal(backend.instanceCount, 3, 'the others are not idle yet');
  idle.resolve();
  await nextTurn();
  assert.deepEqual([backend.instanceCount, backend.modelCount], [1, 1]);
  await pool[Symbol.asyncDispose]();
  assert.deepEqual([backend.instanceCount, backend.modelCount], [0, 0]);
});

test('createInstancePool() frees the instances it made when one cannot be made or warmed up', async () => {
  const { backend, parts } = await bench();
  let madeCount = 0;
  const failing: BackendModel = {
    ...parts.model,
    createInstance(given) {
      madeCount += 1;
      return madeCount === 3
        ? Promise.reject(new Error('no memory'))
        : parts.model.createInstance(given);
    },
  };
  await assert.rejects(createInstancePool({ ...parts, model: failing }, config(3)), /no memory/);
  assert.equal(backend.instanceCount, 0);
  parts.warmUpAll = () => Promise.reject(new Error('too cold'));
  await assert.rejects(createInstancePool(parts, config(3)), /too cold/);
  assert.equal(backend.instanceCount, 0);
});

test('InstancePool.resize() loads the model again where it is not loaded for the count', async () => {
  const { backend, warmed, open } = await bench(byCount);
  const pool = await open(2);
  const old = pool.instances;
  const modelCount = backend.modelCount;
  const idle = Promise.withResolvers<void>();
  await pool.resize(config(3), (instances) => {
    assert.equal(instances.length, 3);
    assert.ok(instances.every((instance) => !old.includes(instance)));
    assert.deepEqual(warmed, [...old, ...instances]);
    return idle.promise;
  });
  const counts = (): number[] => [backend.instanceCount, backend.modelCount];
  assert.deepEqual(counts(), [5, modelCount + 1], 'the old ones are not idle yet');
  const disposed = pool[Symbol.asyncDispose]();
  await nextTurn();
  assert.deepEqual(counts(), [5, modelCount + 1], 'freeing the pool waits for them');
  idle.resolve();
  await disposed;
  assert.deepEqual([backend.instanceCount, backend.modelCount], [0, modelCount - 1]);
});

const failures: Readonly<Record<string, (parts: Bench['parts']) => Partial<InstancePoolParts>>> = {
  'loaded again': () => ({ load: () => Promise.reject(new Error('no memory')) }),
  'warmed up': () => ({ warmUpAll: () => Promise.reject(new Error('too cold')) }),
  'the model it was': ({ load }) => ({
    load: async (wanted) => ({
      ...(await load(wanted)),
      signature: { inputs: [{ name: 'new', datatype: 'FP32', shape: [1] }], outputs: [] },
    }),
  }),
};

for (const [what, failure] of Object.entries(failures)) {
  test(`InstancePool.resize() leaves the old instances when the model is not ${what}`, async () => {
    const { backend, parts, open } = await bench(byCount);
    const pool = await open(2);
    const { instances } = pool;
    const modelCount = backend.modelCount;
    Object.assign(parts, failure({ ...parts }));
    await assert.rejects(
      pool.resize(config(3), () => assert.fail('there is nothing to use')),
      /no memory|too cold|changed while/,
    );
    assert.equal(pool.instances, instances);
    assert.deepEqual([backend.instanceCount, backend.modelCount], [2, modelCount]);
    await pool[Symbol.asyncDispose]();
    assert.deepEqual([backend.instanceCount, backend.modelCount], [0, modelCount - 1]);
  });
}
