import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../core/logger.ts';
import { createManualClock } from '../testing/manual-clock.ts';
import { type FakeVersion, isError, setUpRepository, states } from '../testing/repository-setup.ts';
import { createRepository } from './create-repository.ts';

test('start() loads the newest version of every model', async (t) => {
  const { repository, write, opened } = await setUpRepository(t, 'none');
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
  const { repository, write, broken } = await setUpRepository(t, 'none');
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
  const { repository, write } = await setUpRepository(t, 'none');
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
  const { repository, write, broken } = await setUpRepository(t, 'none');
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
    const { repository } = await setUpRepository(t, mode);
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
  const some = await setUpRepository(t, 'explicit', ['a', 'missing']);
  await some.write('a/1/model.onnx');
  await some.write('b/1/model.onnx');
  await some.repository.start();
  assert.deepEqual(states(some.repository), ['a/1 READY', 'b/- -', 'missing/- UNAVAILABLE']);
  assert.equal(some.repository.isReady(), false);
  const all = await setUpRepository(t, 'explicit', ['*']);
  await all.write('a/1/model.onnx');
  await all.write('b/1/model.onnx');
  await all.repository.start();
  assert.deepEqual(states(all.repository), ['a/1 READY', 'b/1 READY']);
});

test('models of several roots are served side by side', async (t) => {
  const { repository, write, opened } = await setUpRepository(t, 'none', [], 3);
  await write('a/1/model.onnx');
  await write('-2/b/1/model.onnx');
  await write('-3/c/2/model.onnx');
  await repository.start();
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY', 'c/2 READY']);
  assert.match(opened.find(({ spec }) => spec.name === 'c')!.spec.path, /\/-3\/c\/2$/);
  assert.equal(repository.isReady(), true);
});

test('a name that several roots have is refused, and the others are served', async (t) => {
  const setUp = await setUpRepository(t, 'explicit', ['*'], 2);
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
  const { repository, write } = await setUpRepository(t, 'explicit', ['*'], 2);
  await write('a/1/model.onnx');
  await write('-2/b/1/model.onnx');
  await repository.start();
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY']);
  await write('c/1/model.onnx');
  assert.deepEqual(states(repository), ['a/1 READY', 'b/1 READY', 'c/- -']);
  const mixed = await setUpRepository(t, 'explicit', ['a', '*']);
  await assert.rejects(mixed.repository.start(), isError('invalid_argument', /only model/));
  const none = await setUpRepository(t, 'explicit');
  await none.write('a/1/model.onnx');
  await none.repository.start();
  assert.deepEqual(states(none.repository), ['a/- -']);
  assert.equal(none.repository.isReady(), true);
  const twice = await setUpRepository(t, 'explicit', ['a', 'a']);
  await twice.write('a/1/model.onnx');
  await twice.repository.start();
  assert.equal(twice.opened.length, 1);
});

test('a link out of the repository is refused, one inside it is not', async (t) => {
  const { repository, write, root } = await setUpRepository(t, 'none');
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

test('a model without versions is served from the source its config names', async (t) => {
  const { repository, write, acquired, opened, root } = await setUpRepository(t, 'explicit', [
    'a',
    'b',
  ]);
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
  const { repository, write, opened, clock } = await setUpRepository(t, 'poll');
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
