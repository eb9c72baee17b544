import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ModelConfig, VersionPolicy } from '../config/model-config.ts';
import { emptyModelConfig } from '../config/model/parse-model-config.ts';
import { HeadwayError } from '../core/error.ts';
import { silentLogger } from '../core/logger.ts';
import { ModelLifecycle } from './model-lifecycle.ts';
import type { OpenVersion, ServedVersion } from './repository.ts';
import type { ScannedVersion } from './scan-model.ts';
import { selectVersions } from './version-policy.ts';

const base = emptyModelConfig({
  modelName: 'm',
  file: '-',
  defaultMaxQueueSize: 1,
  warn: assert.fail,
});

interface Fake extends ServedVersion {
  readonly version: number;
  readonly fingerprint: string;
  isDisposed: boolean;
}

interface Disk {
  /** File states by version. */
  readonly versions: Map<number, number>;
  readonly broken: Set<number>;
  policy: VersionPolicy;
  maxBatchSize: number;
  instanceCount: number;
}

interface Real {
  readonly lifecycle: ModelLifecycle<Fake>;
  readonly disk: Disk;
  readonly opened: Fake[];
}

function createReal(): Real {
  const opened: Fake[] = [];
  const disk: Disk = {
    versions: new Map([[1, 0]]),
    broken: new Set(),
    policy: { kind: 'latest', count: 1 },
    maxBatchSize: 1,
    instanceCount: 1,
  };
  const open: OpenVersion<Fake> = async ({ version, path, config }) => {
    if (disk.broken.has(version)) throw new HeadwayError('invalid_argument', 'broken');
    const fake: Fake = {
      version,
      fingerprint: path,
      config,
      isDisposed: false,
      setInstances: async () => {},
      async [Symbol.asyncDispose]() {
        assert.equal(fake.isDisposed, false, 'freed twice');
        fake.isDisposed = true;
      },
    };
    opened.push(fake);
    return fake;
  };
  const lifecycle = new ModelLifecycle({ name: 'm', open, logger: silentLogger });
  return { lifecycle, disk, opened };
}

function planOf(disk: Disk): { config: ModelConfig; versions: Map<number, ScannedVersion> } {
  const group = { name: 'm_0', count: disk.instanceCount, kind: 'auto', gpus: [] } as const;
  const config = {
    ...base,
    versionPolicy: disk.policy,
    maxBatchSize: disk.maxBatchSize,
    instanceGroups: [group],
  };
  const versions = [...disk.versions].map(
    ([version, state]) => [version, { path: String(state), fingerprint: String(state) }] as const,
  );
  return { config, versions: new Map(versions) };
}

type Step = (real: Real) => void | Promise<void>;

/** Applies the disk's state, and holds the outcome against what must be served then. */
async function apply({ lifecycle, disk }: Real): Promise<void> {
  const before = new Set(lifecycle.ready().map(({ version }) => version));
  const wanted = selectVersions(disk.policy, disk.versions.keys());
  const error: unknown = await lifecycle.apply(planOf(disk)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const ready = lifecycle.ready();
  const numbers = new Set(ready.map(({ version }) => version));
  if (error === undefined) {
    assert.deepEqual([...numbers], wanted);
    assert.ok(lifecycle.isInService);
    for (const { version, served } of ready) {
      assert.equal(served.fingerprint, String(disk.versions.get(version)), 'stale version served');
    }
    return;
  }
  assert.ok(error instanceof HeadwayError);
  assert.ok(wanted.length === 0 || wanted.some((version) => disk.broken.has(version)));
  for (const version of before) assert.ok(numbers.has(version), 'a failure took a version away');
}

const version = fc.integer({ min: 1, max: 4 });
const policy = fc.oneof(
  fc.constant<VersionPolicy>({ kind: 'all' }),
  fc.integer({ min: 1, max: 3 }).map((count): VersionPolicy => ({ kind: 'latest', count })),
  fc.uniqueArray(version).map((versions): VersionPolicy => ({ kind: 'specific', versions })),
);
const change =
  (edit: (disk: Disk) => void): Step =>
  ({ disk }) =>
    edit(disk);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>(apply) },
  { weight: 1, arbitrary: fc.constant<Step>(({ lifecycle }) => lifecycle.unload()) },
  version.map((v) => change((disk) => disk.versions.set(v, (disk.versions.get(v) ?? 0) + 1))),
  version.map((v) => change((disk) => disk.versions.delete(v))),
  version.map((v) => change((disk) => disk.broken.add(v))),
  version.map((v) => change((disk) => disk.broken.delete(v))),
  policy.map((chosen) => change((disk) => (disk.policy = chosen))),
  version.map((size) => change((disk) => (disk.maxBatchSize = size))),
  version.map((count) => change((disk) => (disk.instanceCount = count))),
);

test('ModelLifecycle serves what is wanted through any history, and frees the rest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const real = createReal();
      for (const run of steps) {
        await run(real);
        const { lifecycle, opened } = real;
        const ready = lifecycle.ready();
        for (const { version: number, served } of ready) {
          assert.equal(lifecycle.resolve(number), served);
          assert.equal(served.isDisposed, false, 'a freed version is served');
        }
        if (ready.length > 0) assert.equal(lifecycle.resolve(undefined), ready.at(-1)?.served);
        else assert.throws(() => lifecycle.resolve(undefined), HeadwayError);
        await new Promise((resolve) => setImmediate(resolve));
        const served = new Set(ready.map((entry) => entry.served));
        for (const fake of opened) assert.equal(fake.isDisposed, !served.has(fake), 'leaked');
      }
      await real.lifecycle.unload();
      assert.ok(real.opened.every(({ isDisposed }) => isDisposed));
      assert.equal(real.lifecycle.isInService, false);
    }),
    { numRuns: 200 },
  );
});
