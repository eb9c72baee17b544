import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { copyRuntime } from '../scripts/copy-runtime.ts';
import { identityModel } from '../src/testing/models/small-models.ts';
import { writeModel } from '../src/testing/models/write-model.ts';

const execute = promisify(execFile);
const root = path.join(import.meta.dirname, '..');

/**
 * What somebody who installs the package has: npm, whatever Node the machine brings, an empty home,
 * and scripts of packages that run.
 */
const env: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  PATH: (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(path.delimiter),
  npm_config_loglevel: 'error',
  npm_config_ignore_scripts: 'false',
  npm_config_userconfig: path.join(homedir(), '.npmrc'),
};

/** An empty folder, with the packed package installed in it. */
let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headway-package-'));
  env['npm_config_cache'] = (await run('npm', ['config', 'get', 'cache'])).stdout.trim();
  env['HOME'] = env['USERPROFILE'] = path.join(folder, 'home');
  await mkdir(env['HOME']);
  const platform = `${process.platform}-${process.arch}`;
  await execute(process.execPath, ['scripts/build.ts', '--platform', platform], { cwd: root });
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], root);
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await run('npm', ['install', '--prefer-offline', `./${stdout.trim()}`]);
});

after(() => rm(folder, { recursive: true, force: true }));

test('the package holds what runs, and no test', async () => {
  const files = await readdir(path.join(folder, 'node_modules/headway'), { recursive: true });
  const odd = files.filter((file) => /\.test\.|^dist\/testing|contract|(?<!\.d)\.ts$/.test(file));
  assert.deepEqual(odd, []);
  const main = await readFile(path.join(folder, 'node_modules/headway/dist/cli/main.js'), 'utf8');
  assert.match(main, /^#!\/usr\/bin\/env node\n/);
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const code = await readFile(path.join(folder, 'node_modules/headway', file), 'utf8');
    assert.doesNotMatch(code, /from '(?:node:test|fast-check)'/, file);
    assert.doesNotMatch(code, /(?:from|import\() ?'\.[^']*\.ts'/, file);
  }
});

test('a build takes ONNX Runtime for every platform, and what must go with it', async () => {
  const target = path.join(folder, 'runtime');
  await copyRuntime(target, []);
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  assert.deepEqual(
    files.map((file) => path.relative(target, path.join(file.parentPath, file.name))).toSorted(),
    [
      'LICENSE',
      'ThirdPartyNotices.txt',
      'darwin-arm64/libonnxruntime.1.dylib',
      'linux-arm64/libonnxruntime.so.1',
      'linux-x64/libonnxruntime.so.1',
      'win32-arm64/onnxruntime.dll',
      'win32-x64/onnxruntime.dll',
    ].map((file) => path.normalize(file)),
  );
});

test('no dependency downloads anything when it is installed', async () => {
  const lock = JSON.parse(
    await readFile(path.join(folder, 'node_modules/.package-lock.json'), 'utf8'),
  ) as { readonly packages: Readonly<Record<string, { readonly hasInstallScript?: true }>> };
  const withScripts = Object.keys(lock.packages).filter(
    (location) => lock.packages[location]?.hasInstallScript,
  );
  // Its script finds that its binary came as a package of its own.
  assert.deepEqual(withScripts, ['node_modules/koffi']);
});

test('npx headway --help names the commands', async () => {
  const { stdout } = await run('npx', ['headway', '--help']);
  assert.match(stdout, /\bserve\b/);
});

test("headway runs on the machine's own Node, or on the one installed beside it", async () => {
  const { stdout } = await run(path.join(folder, 'node_modules/.bin/headway'), ['--version']);
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  assert.equal(stdout.trim(), version);
});

test('npx headway serve answers for models, scripts too', { timeout: 60_000 }, async () => {
  await writeModelFolder('echo');
  await writeModel(path.join(folder, 'models/echo/1/model.onnx'), identityModel('FP32', [1, 2]));
  await writeModelFolder('twice');
  await writeFile(path.join(folder, 'models/twice/1/model.ts'), twice);
  const ports = ['--http-port', '0', '--grpc-port', '0', '--metrics-port', '0'];
  const repository = ['--model-repository', 'models', '--allow-scripts'];
  const server = spawn('npx', ['headway', 'serve', ...repository, ...ports, '--json'], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'close');
  try {
    const url = await announcedUrl(server);
    assert.equal((await fetch(`${url}/v2/health/live`)).status, 200);
    assert.deepEqual((await ask(url, 'echo', [0.5, -3])).outputs?.[0]?.data, [0.5, -3]);
    assert.deepEqual((await ask(url, 'twice', [0.5, 3])).outputs?.[0]?.data, [1, 6]);
    assert.match((await ask(url, 'twice', [-1, 3])).error ?? '', /below 0/);
  } finally {
    // npx, its shell and the server are one process group.
    if (server.pid !== undefined) process.kill(-server.pid, 'SIGTERM');
    await ended;
  }
});

/** A script as users write it, whose errors reach the client as they are. */
const twice = `
  import { type Execute, HeadwayError, elementsOf, inputOf, tensor } from 'headway/script';
  import type { ScriptSignature } from 'headway/script';

  export const signature: ScriptSignature = {
    inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 2] }],
    outputs: [{ name: 'output', datatype: 'FP32', shape: [1, 2] }],
  };

  export const execute: Execute = (requests) =>
    requests.map((request) => {
      const input = inputOf(request, 'input');
      const values = elementsOf(input, 'FP32');
      if (values[0]! < 0) return new HeadwayError('out_of_range', 'input is below 0');
      return { output: tensor('FP32', input.shape, values.map((value) => 2 * value)) };
    });`;

async function writeModelFolder(name: string): Promise<void> {
  await mkdir(path.join(folder, 'models', name, '1'), { recursive: true });
}

interface Answer {
  readonly outputs?: readonly { readonly data: readonly number[] }[];
  readonly error?: string;
}

async function ask(url: string, model: string, data: readonly number[]): Promise<Answer> {
  const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 2], data }];
  const body = JSON.stringify({ inputs });
  const response = await fetch(`${url}/v2/models/${model}/infer`, { method: 'POST', body });
  return (await response.json()) as Answer;
}

test('the types of every entry work for whoever imports them', async () => {
  await writeFile(
    path.join(folder, 'use.ts'),
    `import { createServer, HeadwayError } from 'headway';
     import * as client from 'headway/client';
     export const server = await createServer({ modelRepositories: ['models'] });
     export const url: string = server.urls.http;
     export const error: Error = new HeadwayError('internal', 'x');
     export const names: string[] = Object.keys(client);
     // @ts-expect-error an unknown setting
     await createServer({ modelRepository: 3 });`,
  );
  await writeFile(path.join(folder, 'model.ts'), twice);
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'esnext',
    noEmit: true,
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules/@types')],
  };
  const project = { compilerOptions, files: ['use.ts', 'model.ts'] };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(project));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await execute(process.execPath, [tsc, '-p', folder]).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  assert.equal(stdout, '');
});

function run(command: string, args: readonly string[], cwd = folder): Promise<{ stdout: string }> {
  return execute(command, args, { cwd, env, shell: process.platform === 'win32' });
}

/** The address of the inference endpoint, from the JSON that `serve --json` prints first. */
async function announcedUrl(server: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of server.stdout ?? []) {
    text += String(chunk);
    const url = /"http": ?"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  return assert.fail(`the server ended before it was ready, having printed: ${text}`);
}
