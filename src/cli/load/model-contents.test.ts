import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { parseModelFiles } from './model-contents.ts';

const file = (path: string) => ({ path, size_bytes: 3, sha256: hash('sha256', path) });

test('parseModelFiles() makes one hash of all files, as sha256sum would list them', () => {
  const [a, b] = [file('1/a'), file('1/b.bin')];
  const { sha256, files } = parseModelFiles({ name: 'm', version: '1', files: [b, a] });
  assert.deepEqual(files, [a, b]);
  assert.equal(sha256, hash('sha256', `${a.sha256}  1/a\n${b.sha256}  1/b.bin\n`));
  assert.notEqual(parseModelFiles({ files: [a] }).sha256, sha256);
});

test('parseModelFiles() refuses what is no list of files', () => {
  for (const answer of [{}, [], { files: 'x' }, { files: [{ path: 'a', sha256: 'ff' }] }]) {
    assert.throws(() => parseModelFiles(answer), TypeError);
  }
});
