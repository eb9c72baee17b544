import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const native = (file: string): string =>
  pathToFileURL(path.join(import.meta.dirname, '../src/native/onnxruntime', file)).href;

/** On one line: the runtime reads a command line up to its first line break. */
const script = [
  `import { createOnnxRuntimeEnvironment } from '${native('environment.ts')}'`,
  `import { loadOnnxRuntimeLibrary } from '${native('load-library.ts')}'`,
  `using environment = await createOnnxRuntimeEnvironment(loadOnnxRuntimeLibrary(undefined), 'fatal')`,
  `console.log('started')`,
].join('; ');

test('the runtime starts in a process whose command line is long', () => {
  const names = Array.from({ length: 1000 }, (_, at) => `--load-model=some-model-${at}`);
  const args = ['--input-type=module', '--eval', script, '--', ...names];
  const { stdout, signal } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(signal, null);
  assert.equal(stdout, 'started\n');
});
