import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ModelSpec } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import type { ModelControlMode } from '../config/server-config.ts';
import { type ErrorCode, HeadwayError } from '../core/error.ts';
import { silentLogger } from '../core/logger.ts';
import { type ManualClock, createManualClock } from '../testing/manual-clock.ts';
import { createRepository } from './create-repository.ts';
import type { Repository, ServedVersion } from './repository.ts';

/** A version in service whose loading, failing and freeing the test decides. */
interface FakeVersion extends ServedVersion {
  readonly spec: ModelSpec;
  readonly instanceChanges: ModelConfig[];
  isDisposed: boolean;
}

interface Setup {
  readonly root: string;
  readonly repository: Repository<FakeVersion>;
  readonly clock: ManualClock;
  readonly opened: FakeVersion[];
  /** `<model>/<version>` that cannot be opened. */
  readonly broken: Set<string>;
  /** Held versions wait here before they are freed. */
  readonly held: Map<string, Promise<void>>;
  readonly write: (path: string, text?: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Source references that were acquired. */
  readonly acquired: string[];
}

async function setup(
  t: TestContext,
  modelControlMode: ModelControlMode,
  loadModels: readonly string[] = [],
  rootCount = 1,
): Promise<Setup> {
  const root = await mkdtemp(join(tmpdir(), 'repository-'));
  const others = Array.from({ length: rootCount - 1 }, (_, index) => join(root, `-${index + 2}`));
  for (const other of others) await mkdir(other);
  const clock = createManualClock();
  const opened: FakeVersion[] = [];
  const broken = new Set<string>();
  const held = new Map<string, Promise<void>>();
  const acquired: string[] = [];
  const open = async (spec: ModelSpec): Promise<FakeVersion> => {
    const id = `${spec.name}/${spec.version}`;
    if (broken.has(id)) throw new HeadwayError('invalid_argument', `not a model`);
    const instanceChanges: ModelConfig[] = [];
    const version: FakeVersion = {
      spec,
      config: spec.config,
      instanceChanges,
      isDisposed: false,
      setInstances: async (config) => void instanceChanges.push(config),
      async [Symbol.asyncDispose]() {
        await held.get(id);
        version.isDisposed = true;
      },
    };
    opened.push(version);
    return version;
  };
  const control = { modelControlMode, loadModels, repositoryPollMs: 1000 };
  const repository = createRepository<FakeVersion>({
    roots: [root, ...others],
    control,
    maxQueueSize: 7,
    open,
    acquireSource: async (source) => {
      acquired.push(source);
      return `/store/${source}`;
    },
    clock,
    logger: silentLogger,
  });
  t.after(async () => {
    await repository[Symbol.asyncDispose]();
    await rm(root, { recursive: true });
  });
  return {
    root,
    repository,
    clock,
    opened,
    broken,
    held,
    acquired,
    write: async (path, text = '') => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    },
    remove: (path) => rm(join(root, path), { recursive: true }),
  };
}

function isError(code: ErrorCode, text: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HeadwayError, String(error));
    assert.match(error.message, typeof text === 'string' ? new RegExp(RegExp.escape(text)) : text);
    assert.equal(error.code, code);
    return true;
  };
}

const states = (repository: Repository<FakeVersion>): string[] =>
  repository
    .index(false)
    .map(({ name, version, state }) => `${name}/${version ?? '-'} ${state ?? '-'}`);

/** Lets what is done in the background finish. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Moves time to the next look at the disk and waits until that is over. */
async function poll({ clock }: Setup): Promise<void> {
  clock.advance(1000);
  while (clock.pendingCount === 0) await nextTurn();
}

test('start() loads the newest version of every model', async (t) => {
  const { repository, write, opened } = await setup(t, 'none');
  await write('a/1/model.onnx');
  await write('a/12/model.onnx');
  await write('a/3/model.onnx');
  await write('b/1/model.onnx');
  await write('b/config.pbtxt', 'version_policy { all { } }');
  await write('b/2/model.onnx');
  await write('b/02/model.onnx');
  await write('b/x/model.onnx');
  assert.equal(repository.isReady(), false);
  await repository.start();
  assert.equal(repository.isReady(), true);
  assert.deepEqual(states(repository), ['a/12 READY', 'b/1 READY', 'b/2 READY']);
  assert.equal(repository.resolve('b', undefined).spec.version, 2);
  assert.equal(repository.resolve('b', 1).spec.version, 1);
  assert.deepEqual(repository.versions('b'), [1, 2]);
  assert.equal(opened[0]?.config.scheduling.defaultQueuePolicy.maxQueueSize, 7);
  assert.equal(repository.ready().length, 3);
});

test('resolve() answers with Triton’s texts', async (t) => {
  const { repository, write, broken } = await setup(t, 'none');
  await write('a/1/model.onnx');
  await write('b/1/model.onnx');
  broken.add('b/1');
  await repository.start();
  const unknown = 'Request for unknown model: ';
  const resolve = (name: string, version?: number) => (): unknown =>
    repository.resolve(name, version);
  assert.throws(resolve('x'), isError('not_found', `${unknown}'x' is not found`));
  assert.throws(resolve('a', 7), isError('not_found', `${unknown}'a' version 7 is not found`));
  assert.throws(resolve('b'), isError('not_found', `${unknown}'b' has no available versions`));
  assert.throws(
    resolve('b', 1),
    isError('unavailable', `${unknown}'b' version 1 is not at ready state`),
  );
  assert.throws(() => repository.versions('b'), isError('not_found', 'no available versions'));
});

test('resolve() names what a config asks for and is not built', async (t) => {
  const { repository, write } = await setup(t, 'none');
  await write('seq/1/model.onnx');
  await write('seq/config.pbtxt', 'sequence_batching { }');
  await repository.start();
  for (const version of [undefined, 1]) {
    assert.throws(
      () => repository.resolve('seq', version),
      isError(
        'unimplemented',
        "'seq' has no available versions: Model 'seq': config.pbtxt line 1: field 'sequence_batching'",
      ),
    );
  }
});

test('a model that fails is shown with its reason and does not keep the others from serving', async (t) => {
  const { repository, write, broken } = await setup(t, 'none');
  await write('bad-config/1/model.onnx');
  await write('bad-config/config.pbtxt', 'max_batchsize: 2');
  await write('both/config.pbtxt');
  await write('both/model.yaml');
  await write('bad-file/1/model.onnx');
  await write('empty/config.pbtxt');
  await write('good/1/model.onnx');
  broken.add('bad-file/1');
  await repository.start();
  assert.equal(repository.isReady(), false);
  const reasons = new Map(repository.index(false).map(({ name, reason }) => [name, reason]));
  assert.match(reasons.get('bad-config') ?? '', /config\.pbtxt line 1: unknown field/);
  assert.match(reasons.get('both') ?? '', /both config\.pbtxt and model\.yaml/);
  assert.equal(reasons.get('bad-file'), 'not a model');
  assert.match(reasons.get('empty') ?? '', /no version is available/);
  assert.deepEqual(repository.index(true), [
    { name: 'good', version: 1, state: 'READY', reason: '' },
  ]);
});

test('load() and unload() are refused unless the control mode is explicit', async (t) => {
  for (const mode of ['none', 'poll'] as const) {
    const { repository } = await setup(t, mode);
    await repository.start();
    const refusal = isError(
      'unavailable',
      'explicit model load / unload is not allowed if polling is enabled',
    );
    await assert.rejects(repository.load('a', undefined), refusal);
    await assert.rejects(repository.unload('a'), refusal);
  }
});

test('start() in explicit mode loads the models named, or all for *', async (t) => {
  const some = await setup(t, 'explicit', ['a', 'missing']);
  await some.write('a/1/model.onnx');
  await some.write('b/1/model.onnx');
  await some.repository.start();
  assert.deepEqual(states(some.repository), ['a/1 READY', 'b/- -', 'missing/- UNAVAILABLE']);
  assert.equal(some.repository.isReady(), false);
  const all = await setup(t, 'explicit', ['*']);
  await all.write('a/1/model.onnx');
  await all.write('b/1/model.onnx');
  await all.repository.start();
  assert.deepEqual(states(all.repository), ['a/1 READY', 'b/1 READY']);
});

test('models of several roots are served side by side', async (t) => {
  const { repository, write, opened } = await setup(t, 'none', [], 3);
  await write('a/1/model.onnx');
  await write('-2/b/1/model.onnx');
  await write('-3/c/2/model.onnx');
  await repository.start();
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY', 'c/2 READY']);
  assert.match(opened.find(({ spec }) => spec.name === 'c')!.spec.path, /\/-3\/c\/2$/);
  assert.equal(repository.isReady(), true);
});

test('a name that several roots have is refused, and the others are served', async (t) => {
  const setUp = await setup(t, 'explicit', ['*'], 2);
  const { repository, write, remove } = setUp;
  await write('a/1/model.onnx');
  await write('-2/a/1/model.onnx');
  await write('-2/b/1/model.onnx');
  await repository.start();
  assert.deepEqual(states(repository), ['a/- UNAVAILABLE', 'b/1 READY']);
  const twice = isError('invalid_argument', /'a' is in more than one model repository/);
  await assert.rejects(repository.load('a', undefined), twice);
  assert.equal(repository.isReady(), false);
  await remove('-2/a');
  await repository.load('a', undefined);
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY']);
  // The one in service stays when another one of its name comes.
  await write('-2/a/1/model.onnx');
  await assert.rejects(repository.load('a', undefined), twice);
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY']);
  assert.equal(setUp.opened.filter(({ spec }) => spec.name === 'a').length, 1);
});

test('start() in explicit mode takes * for the models of every root, and by itself only', async (t) => {
  const { repository, write } = await setup(t, 'explicit', ['*'], 2);
  await write('a/1/model.onnx');
  await write('-2/b/1/model.onnx');
  await repository.start();
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY']);
  await write('c/1/model.onnx');
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY', 'c/- -']);
  const mixed = await setup(t, 'explicit', ['a', '*']);
  await assert.rejects(mixed.repository.start(), isError('invalid_argument', /only model/));
  const none = await setup(t, 'explicit');
  await none.write('a/1/model.onnx');
  await none.repository.start();
  assert.deepEqual(states(none.repository), ['a/- -']);
  assert.equal(none.repository.isReady(), true);
  const twice = await setup(t, 'explicit', ['a', 'a']);
  await twice.write('a/1/model.onnx');
  await twice.repository.start();
  assert.equal(twice.opened.length, 1);
});

test('load() and unload() bring a model into service and out of it', async (t) => {
  const { repository, write, opened } = await setup(t, 'explicit');
  await repository.start();
  assert.equal(repository.isReady(), true);
  await write('a/1/model.onnx');
  assert.deepEqual(states(repository), ['a/- -']);
  assert.throws(() => repository.resolve('a', undefined), isError('not_found', 'is not found'));
  await repository.load('a', undefined);
  await repository.load('a', undefined);
  assert.equal(opened.length, 1, 'an unchanged model is not loaded again');
  await repository.unload('a');
  assert.equal(opened[0]?.isDisposed, true);
  assert.deepEqual(repository.index(false), [
    { name: 'a', version: 1, state: 'UNAVAILABLE', reason: 'unloaded' },
  ]);
  assert.equal(repository.isReady(), true, 'unloaded on purpose');
  await repository.load('a', undefined);
  assert.equal(repository.resolve('a', 1), opened[1]);
});

test('load() of a model that does not exist fails and leaves no trace', async (t) => {
  const { repository } = await setup(t, 'explicit');
  await repository.start();
  await assert.rejects(
    repository.load('x', undefined),
    isError('not_found', "failed to load 'x', failed to poll from model repository"),
  );
  for (const name of ['', '..', 'a/b', '.hidden', 'a\0', '/etc', 'a\\b', 'x'.repeat(300)]) {
    await assert.rejects(
      repository.load(name, undefined),
      isError('invalid_argument', /model name/),
    );
    await assert.rejects(repository.unload(name), isError('not_found', 'is not found'));
  }
  assert.deepEqual(repository.index(false), []);
  assert.equal(repository.isReady(), true);
});

test('a version is replaced only when its successor is ready', async (t) => {
  const { repository, write, opened, broken } = await setup(t, 'explicit');
  await write('a/1/model.onnx', 'one');
  await repository.start();
  await repository.load('a', undefined);
  const [first] = opened;
  await write('a/1/model.onnx', 'changed');
  broken.add('a/1');
  await assert.rejects(
    repository.load('a', undefined),
    isError('invalid_argument', "failed to load 'a' version 1: not a model"),
  );
  assert.equal(repository.resolve('a', undefined), first);
  assert.equal(first?.isDisposed, false);
  assert.equal(repository.isReady(), true);
  await write('a/config.pbtxt', 'nonsense: 1');
  await assert.rejects(repository.load('a', undefined), isError('invalid_argument', 'nonsense'));
  assert.equal(repository.resolve('a', undefined), first);
  await write('a/config.pbtxt', '');
  broken.clear();
  await repository.load('a', undefined);
  assert.equal(repository.resolve('a', undefined), opened[1]);
  await nextTurn();
  assert.equal(first?.isDisposed, true);
});

test('a newer version takes over, and an older one stays when the newer fails', async (t) => {
  const { repository, write, opened, broken } = await setup(t, 'explicit');
  await write('a/1/model.onnx');
  await repository.start();
  await repository.load('a', undefined);
  broken.add('a/2');
  await write('a/2/model.onnx');
  await assert.rejects(repository.load('a', undefined), isError('invalid_argument', 'version 2'));
  assert.equal(repository.resolve('a', undefined), opened[0]);
  assert.deepEqual(states(repository), ['a/1 READY', 'a/2 UNAVAILABLE']);
  assert.equal(repository.isReady(), true);
  broken.clear();
  await repository.load('a', undefined);
  assert.equal(repository.resolve('a', undefined).spec.version, 2);
  await nextTurn();
  assert.deepEqual(states(repository), ['a/1 UNAVAILABLE', 'a/2 READY']);
});

test('a change of instances alone is applied in place', async (t) => {
  const { repository, write, opened } = await setup(t, 'explicit');
  await write('a/1/model.onnx');
  await write('a/config.pbtxt', 'instance_group { count: 1 }');
  await repository.start();
  await repository.load('a', undefined);
  await write('a/config.pbtxt', 'instance_group { count: 3 }');
  await repository.load('a', undefined);
  assert.equal(opened.length, 1);
  assert.equal(opened[0]?.instanceChanges[0]?.instanceGroups[0]?.count, 3);
  await repository.load('a', undefined);
  assert.equal(opened[0]?.instanceChanges.length, 1);
  await write('a/config.pbtxt', 'max_batch_size: 2 instance_group { count: 3 }');
  await repository.load('a', undefined);
  assert.equal(opened.length, 2);
});

test('unload() refuses new requests at once and waits for those in flight', async (t) => {
  const { repository, write, opened, held } = await setup(t, 'explicit');
  await write('a/1/model.onnx');
  await repository.start();
  await repository.load('a', undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  held.set('a/1', promise);
  const unloading = repository.unload('a');
  while (states(repository)[0] !== 'a/1 UNLOADING') await Promise.resolve();
  assert.throws(() => repository.resolve('a', 1), isError('unavailable', 'not at ready state'));
  assert.equal(opened[0]?.isDisposed, false);
  resolve();
  await unloading;
  assert.equal(opened[0]?.isDisposed, true);
});

test('load() takes a config of the request until the next load', async (t) => {
  const { repository, write } = await setup(t, 'explicit');
  await write('a/1/model.onnx');
  await write('a/config.pbtxt', 'max_batch_size: 2');
  await repository.start();
  await repository.load('a', { configJson: '{"max_batch_size": 16}', files: new Map() });
  assert.equal(repository.resolve('a', undefined).config.maxBatchSize, 16);
  await repository.load('a', undefined);
  assert.equal(repository.resolve('a', undefined).config.maxBatchSize, 2);
  await assert.rejects(
    repository.load('a', { configJson: '{', files: new Map() }),
    isError('invalid_argument', 'no valid JSON'),
  );
});

test('load() takes files of the request until the next load', async (t) => {
  const { repository, write } = await setup(t, 'explicit');
  await write('a/1/model.onnx');
  await repository.start();
  await repository.load('a', undefined);
  const files = new Map([['2/model.onnx', new Uint8Array([1])]]);
  await repository.load('a', { configJson: '{}', files });
  assert.deepEqual(repository.versions('a'), [2]);
  await repository.load('fresh', { configJson: '{}', files });
  assert.deepEqual(repository.versions('fresh'), [2]);
  await repository.load('a', undefined);
  assert.deepEqual(repository.versions('a'), [1]);
});

test('load() refuses files without a config, and names that lead elsewhere', async (t) => {
  const { repository } = await setup(t, 'explicit');
  await repository.start();
  const load = (path: string, configJson: string | undefined = '{}'): Promise<void> =>
    repository.load('a', { configJson, files: new Map([[path, new Uint8Array()]]) });
  await assert.rejects(
    repository.load('a', { configJson: undefined, files: new Map([['1/m', new Uint8Array()]]) }),
    isError('invalid_argument', 'need a config'),
  );
  for (const path of ['../x', '1/../../x', '/etc/x', '1/..', '01/x', 'x/y', '1/a/b', '1\\x', '']) {
    await assert.rejects(
      load(path),
      isError('invalid_argument', /is no name for a file|no version/),
    );
  }
  await assert.rejects(load('labels.txt'), isError('invalid_argument', 'hold no version'));
  assert.deepEqual(repository.index(false), []);
});

test('a link out of the repository is refused, one inside it is not', async (t) => {
  const { repository, write, root } = await setup(t, 'none');
  const outside = await mkdtemp(join(tmpdir(), 'outside-'));
  t.after(() => rm(outside, { recursive: true }));
  await mkdir(join(outside, '1'));
  await writeFile(join(outside, '1', 'model.onnx'), '');
  await symlink(outside, join(root, 'linked-model'));
  await write('linked-version/config.pbtxt');
  await symlink(join(outside, '1'), join(root, 'linked-version', '1'));
  await write('linked-file/1/other');
  await symlink(join(outside, '1', 'model.onnx'), join(root, 'linked-file', '1', 'model.onnx'));
  await write('real/1/model.onnx');
  await symlink(join(root, 'real'), join(root, 'alias'));
  await repository.start();
  assert.deepEqual(
    repository.ready().map(({ name }) => name),
    ['alias', 'real'],
  );
  for (const { state, reason } of repository.index(false)) {
    if (state !== 'READY') assert.match(reason, /leads out of|is a link to something/);
    assert.ok(!reason.includes(outside));
  }
});

test('poll mode follows what changes on disk and leaves the rest alone', async (t) => {
  const parts = await setup(t, 'poll');
  const { repository, write, remove, opened, broken } = parts;
  await write('a/1/model.onnx');
  await write('b/1/model.onnx');
  await repository.start();
  await poll(parts);
  assert.equal(opened.length, 2);
  await write('a/2/model.onnx');
  await write('c/1/model.onnx');
  await remove('b');
  await poll(parts);
  await nextTurn();
  assert.deepEqual(states(repository), [
    'a/1 UNAVAILABLE',
    'a/2 READY',
    'b/1 UNAVAILABLE',
    'c/1 READY',
  ]);
  broken.add('c/1');
  await write('c/1/model.onnx', 'longer');
  await poll(parts);
  assert.equal(repository.resolve('c', undefined).spec.version, 1);
  const openedBefore = opened.length;
  broken.clear();
  await poll(parts);
  assert.equal(opened.length, openedBefore, 'a failure is tried again only after a change');
  await write('c/1/model.onnx', 'longer still');
  await write('b/1/model.onnx');
  await poll(parts);
  assert.equal(opened.length, openedBefore + 2);
  assert.equal(repository.isReady(), true);
});

test('a model without versions is served from the source its config names', async (t) => {
  const { repository, write, acquired, opened, root } = await setup(t, 'explicit', ['a', 'b']);
  await write('a/model.yaml', 'source: npm:pkg@1.0.0/x.onnx');
  await write('b/model.yaml', 'source: npm:pkg@1.0.0/y.onnx');
  await write('b/3/model.onnx');
  await repository.start();
  const { spec } = repository.resolve('a', 1);
  assert.equal(spec.path, '/store/npm:pkg@1.0.0/x.onnx');
  assert.equal(spec.folder, join(root, 'a'));
  assert.deepEqual(repository.versions('b'), [3], 'a version folder goes before the source');
  assert.deepEqual(acquired, ['npm:pkg@1.0.0/x.onnx']);
  await repository.load('a', undefined);
  assert.equal(opened.length, 2);
});

test('disposing frees every version and stops polling', async (t) => {
  const { repository, write, opened, clock } = await setup(t, 'poll');
  await write('a/1/model.onnx');
  await repository.start();
  await repository[Symbol.asyncDispose]();
  assert.equal(opened[0]?.isDisposed, true);
  assert.equal(clock.pendingCount, 0);
});

test('start() names a repository that is no folder', async () => {
  const repository = createRepository<FakeVersion>({
    roots: ['/nowhere/at/all'],
    control: { modelControlMode: 'none', loadModels: [], repositoryPollMs: 1000 },
    maxQueueSize: 1,
    open: () => assert.fail(),
    clock: createManualClock(),
    logger: silentLogger,
  });
  await assert.rejects(repository.start(), isError('failed_precondition', /'\/nowhere\/at\/all'/));
});
