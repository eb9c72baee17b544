import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError, nextTurn, poll, setUpRepository, states } from '../testing/repository-setup.ts';

test('load() and unload() bring a model into service and out of it', async (t) => {
  const { repository, write, opened } = await setUpRepository(t, 'explicit');
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
  const { repository } = await setUpRepository(t, 'explicit');
  await repository.start();
  await assert.rejects(
    repository.load('x', undefined),
    isError('not_found', "failed to load 'x', failed to poll from model repository"),
  );
  const refusals = {
    'Model name cannot be empty. Please enter a valid name to deploy.': ['', ' ', '\t\n'],
    'model name must not contain path traversal characters': ['..', 'a/b', '/etc', ' ..', 'a/'],
    ", failed to poll from model repository: a model's name is 1 to 255 letters": [
      '...',
      '.hidden',
      'a\0',
      'a\\b',
      'x'.repeat(300),
    ],
  };
  const cases = Object.entries(refusals).flatMap(([text, names]) =>
    names.map((name) => ({ name, text })),
  );
  for (const { name, text } of cases) {
    await assert.rejects(repository.load(name, undefined), isError('invalid_argument', text));
    await assert.rejects(repository.unload(name), isError('not_found', 'is not found'));
  }
  assert.deepEqual(repository.index(false), []);
  assert.equal(repository.isReady(), true);
});

test('a version is replaced only when its successor is ready', async (t) => {
  const { repository, write, opened, broken } = await setUpRepository(t, 'explicit');
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
  const { repository, write, opened, broken } = await setUpRepository(t, 'explicit');
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
  const { repository, write, opened } = await setUpRepository(t, 'explicit');
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
  const { repository, write, opened, held } = await setUpRepository(t, 'explicit');
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
  const { repository, write } = await setUpRepository(t, 'explicit');
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
  const { repository, write } = await setUpRepository(t, 'explicit');
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
  const { repository } = await setUpRepository(t, 'explicit');
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
  await assert.rejects(
    load('a'.repeat(256)),
    isError(
      'internal',
      "failed to load 'a', failed to poll from model repository: the name of the",
    ),
  );
  await assert.rejects(load('labels.txt'), isError('invalid_argument', 'hold no version'));
  assert.deepEqual(repository.index(false), []);
});

test('poll mode follows what changes on disk and leaves the rest alone', async (t) => {
  const parts = await setUpRepository(t, 'poll');
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
