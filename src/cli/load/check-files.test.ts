import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkFiles } from './check-files.ts';

test('checkFiles() refuses what could not be written after the run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headway-files-'));
  try {
    await writeFile(join(folder, 'old.html'), '');
    await checkFiles(folder, { report: 'old.html', jsonl: 'new.jsonl' });
    await checkFiles(folder, {});
    await assert.rejects(
      checkFiles(folder, { report: 'no/x.html' }),
      /--report .*no folder '.*no'/,
    );
    await assert.rejects(checkFiles(folder, { jsonl: 'old.html/x' }), /--jsonl .*no folder/);
    await assert.rejects(checkFiles(folder, { histogram: '.' }), /--histogram .*is a folder/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
