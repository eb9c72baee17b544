import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type LockEntry, readLockFile, updateLockFile } from './lock-file.ts';

let directory = '';
let path = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headway-'));
  path = join(directory, 'models.lock.json');
});
beforeEach(() => rm(path, { force: true }));
after(() => rm(directory, { recursive: true }));

const entry: LockEntry = {
  sha256: 'ab'.repeat(32),
  bytes: 7,
  resolved: 'https://example.com/m.onnx',
  version: '1.0.0',
  acquiredAt: '2030-01-01T00:00:00.000Z',
};

test('readLockFile() has no entries where there is no file', async () => {
  assert.equal((await readLockFile(path)).size, 0);
});

test('readLockFile() reads what updateLockFile() wrote', async () => {
  const { version: _, ...unversioned } = entry;
  await updateLockFile(path, 'npm:b@1.0.0/x', entry);
  await updateLockFile(path, 'https://example.com/m.onnx', unversioned);
  assert.deepEqual(
    await readLockFile(path),
    new Map<string, LockEntry>([
      ['https://example.com/m.onnx', unversioned],
      ['npm:b@1.0.0/x', entry],
    ]),
  );
});

test('updateLockFile() loses nothing when many write at once', async () => {
  const keys = Array.from({ length: 20 }, (_, index) => `npm:p${index}@1.0.0/x`);
  await Promise.all(keys.map((key) => updateLockFile(path, key, entry)));
  assert.deepEqual([...(await readLockFile(path)).keys()].sort(), keys.toSorted());
  assert.deepEqual(await readdir(directory), ['models.lock.json']);
});

test('updateLockFile() goes on after a writer that died', async () => {
  await writeFile(`${path}.busy`, '');
  await utimes(`${path}.busy`, 1, 1);
  await updateLockFile(path, 'npm:b@1.0.0/x', entry);
  assert.equal((await readLockFile(path)).size, 1);
});

test('readLockFile() refuses a file that was tampered with', async () => {
  for (const text of [
    '',
    '{}',
    '{"lockVersion":2,"models":{}}',
    JSON.stringify({ lockVersion: 1, models: { x: { ...entry, sha256: '../../etc/passwd' } } }),
    JSON.stringify({ lockVersion: 1, models: { x: { ...entry, bytes: -1 } } }),
  ]) {
    await writeFile(path, text);
    await assert.rejects(readLockFile(path), { code: 'failed_precondition', message: /damaged/ });
    await assert.rejects(updateLockFile(path, 'y', entry), { code: 'failed_precondition' });
    assert.equal(await readFile(path, 'utf8'), text);
  }
});
