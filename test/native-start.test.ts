import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

/** Starts the runtime in a process of its own, whose home is a folder. */
function start(home: string, args: readonly string[]): void {
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const { stdout, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script, '--', ...args],
    {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...env, HOME: home, XDG_CACHE_HOME: path.join(home, 'cache') },
    },
  );
  assert.equal(signal, null);
  assert.equal(stdout, 'started\n');
}

test('the runtime starts in a process whose command line is long', async () => {
  await using home = await mkdtempDisposable(path.join(tmpdir(), 'headway-start-'));
  start(
    home.path,
    Array.from({ length: 1000 }, (_, at) => `--load-model=some-model-${at}`),
  );
});

test('the runtime keeps no reports of its use', async () => {
  await using home = await mkdtempDisposable(path.join(tmpdir(), 'headway-start-'));
  start(home.path, []);
  assert.deepEqual(await readdir(home.path), []);
});
