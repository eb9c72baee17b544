import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HeadwayError } from '../core/error.ts';
import { readLabels } from './labels.ts';

test('readLabels() gives one label a line and stays in the model’s folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'labels-'));
  t.after(() => rm(folder, { recursive: true }));
  const model = join(folder, 'model');
  await mkdir(model);
  await writeFile(join(model, 'labels.txt'), 'cat\r\ndog\n\nbird\n');
  await writeFile(join(model, 'latin1.txt'), Uint8Array.of(0xe9));
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await symlink(join(folder, 'secret.txt'), join(model, 'link.txt'));
  assert.deepEqual(await readLabels(model, 'labels.txt'), ['cat', 'dog', '', 'bird']);
  for (const name of ['missing.txt', 'latin1.txt', '../secret.txt', 'link.txt', '', 'a\0']) {
    await assert.rejects(
      readLabels(model, name),
      (error: unknown) => error instanceof HeadwayError,
    );
  }
});
