import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { findModelFiles } from './model-files.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
  path = join(folder, '3');
  await mkdir(join(path, 'data'), { recursive: true });
  await writeFile(join(path, 'model.onnx'), 'weights');
  await writeFile(join(folder, 'blob'), 'more');
  await symlink(join(folder, 'blob'), join(path, 'data', 'more.bin'));
});
afterEach(() => rm(folder, { recursive: true }));

const find = (place = path) => findModelFiles({ name: 'm', version: 3, path: place });

test('findModelFiles() tells the files of a version with the hashes of their contents', async () => {
  const read = await find();
  const files = [
    { path: '3/data/more.bin', sizeBytes: 4, sha256: hash('sha256', 'more') },
    { path: '3/model.onnx', sizeBytes: 7, sha256: hash('sha256', 'weights') },
  ];
  assert.deepEqual(await read(), files);
  const single = await find(join(folder, 'blob'));
  assert.deepEqual(await single(), [{ ...files[0], path: '3/blob' }]);
});

test('findModelFiles() reads contents when it is asked, and once', async () => {
  const read = await find();
  const [first, second] = [read(), read()];
  assert.equal(first, second);
  const files = await first;
  await rm(path, { recursive: true });
  assert.equal(await read(), files);
});

test('findModelFiles() does not hash what is no longer what was loaded', async () => {
  const changed = {
    code: 'failed_precondition',
    message: /'3\/model\.onnx' of model 'm', version 3, is no longer what was loaded: .* Load the/,
  };
  const read = await find();
  await writeFile(join(path, 'model.onnx'), 'WEIGHTS');
  await utimes(join(path, 'model.onnx'), 1, 1);
  await assert.rejects(read(), changed);
  await rm(join(path, 'model.onnx'));
  await assert.rejects(read(), changed);
  await assert.rejects((await find(join(folder, 'none')))(), { code: 'failed_precondition' });
});
