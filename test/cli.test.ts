import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { addModel, identityModel, slowModel } from '../src/testing/models/small-models.ts';
import { serveInProcess } from './support/cli.ts';
import { createTestRepository } from './support/serve.ts';

const main = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');

interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function headway(args: readonly string[], { input = '', cwd, env }: RunOptions = {}) {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, ...env } });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

/** What a command that was used wrongly says, all of it on standard error. */
async function usageError(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await headway(args);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  return stderr;
}

/** The one line a command that failed says on standard error. */
async function failure(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await headway(args);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^headway: [^\n]+\n$/);
  return stderr;
}

describe('the command line', () => {
  test('explains itself, with examples, to standard output', async () => {
    const names = ['serve', 'pull', 'inspect', 'predict', 'bench', 'prove', 'evidence', 'doctor'];
    const [whole, byWord, ...each] = await Promise.all([
      headway(['--help']),
      headway(['help', 'predict']),
      ...names.map((name) => headway([name, '--help'])),
    ]);
    for (const { code, stdout, stderr } of [whole, byWord, ...each]) {
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^Usage: headway/);
      assert.match(stdout, /\nExamples:\n {2}/);
    }
    for (const name of names) assert.match(whole.stdout, new RegExp(`\n  ${name} `));
    assert.equal(byWord.stdout, each[3]?.stdout);
    const { code, stdout } = await headway(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test('says what is wrong with its use and exits with 2', async () => {
    assert.match(await usageError(), /^Usage: headway/);
    for (const [args, message] of [
      [['sevre'], /unknown command 'sevre'\n\(Did you mean serve\?\)/],
      [['inspect'], /missing required argument 'model'/],
      [['bench'], /^headway: missing required argument 'url'\n\(run with --help/],
      [['inspect', 'x', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
      [['inspect', 'x', '--dimension', 'a'], /NAME=SIZE/],
      [['predict', 'x', '--random', '--zero'], /cannot be used with/],
      [['predict', 'x', '--repeat', '0'], /whole number from 1/],
      [['predict', 'm', '--url', 'ftp://x'], /no address of a server/],
      [['predict', 'x', '--api-key', 'k'], /'--api-key' needs '--url'/],
      [['serve'], /--model-repository/],
      [['serve', '--model-repository', 'x', '--http-port', 'y'], /^headway: --http-port must be/],
      [
        ['serve', '--model-repository', 'x', '--http-host', '0.0.0.0'],
        /--http-host is .*no API key/,
      ],
      [['pull', 'file:m.onnx', '--max-bytes', '0'], /--max-bytes '0' is not a whole number/],
      [['pull', 'file:m.onnx', '--sha256', 'x'], /--sha256 'x' is not 64 hex digits/],
      [['pull', 'file:m.onnx', '--allow-origin', 'x'], /--allow-origin 'x' is not an origin/],
      [['serve', '--model-repository', 'x', '--log-verbose=1'], /use --log-level verbose/],
    ] as const) {
      assert.match(await usageError(...args), message);
    }
  });

  test('says in one line why it failed and exits with 1', async () => {
    await using folder = await createTestRepository({ 'm/1/model.onnx': addModel(), x: 'text' });
    const { root } = folder;
    const busy = createServer();
    busy.listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const serve = ['serve', '--log-level', 'error', '--grpc-port', '0', '--metrics-port', '0'];
    for (const [args, message] of [
      [['inspect', join(root, 'mm')], /did you mean 'm'/],
      [['inspect', join(root, 'x')], /Cannot read 'x'/],
      [['predict', join(root, 'm')], /Nothing was given for input 'a'/],
      [['predict', 'm', '--url', 'http://127.0.0.1:1'], /No answer from http:\/\/127\.0\.0\.1:1/],
      [[...serve, '--model-repository', join(root, 'no')], /There is no folder/],
      [[...serve, '--model-repository', root, '--http-port', String(port)], /it is in use/],
      [[...serve, '--config', join(root, 'no.yaml')], /no configuration file/],
      [['doctor', '--json', '--onnxruntime-library', join(root, 'x')], /fails: onnxruntime/],
    ] as const) {
      if (args[0] !== 'doctor') assert.match(await failure(...args), message);
      else assert.match((await headway(args)).stderr, message);
    }
    busy.close();
  });

  test('does not mind a reader that has seen enough', async () => {
    await using folder = await createTestRepository({ 'm.onnx': slowModel({ width: 4 }) });
    const child = spawn(process.execPath, [main, 'inspect', join(folder.root, 'm.onnx')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('headway doctor', () => {
  test('finds that this machine can serve', async () => {
    const { code, stdout } = await headway(['doctor', '--json']);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string }[] };
    assert.deepEqual([code, ok], [0, true]);
    const names = checks.map(({ name }) => name);
    for (const name of ['node', 'cores', 'memory', 'onnxruntime', 'store']) {
      assert.ok(names.includes(name), name);
    }
  });
});

describe('headway predict', () => {
  test('runs a file on what standard input says', async () => {
    await using folder = await createTestRepository({ 'm.onnx': addModel({ elements: 2 }) });
    const { code, stdout, stderr } = await headway(
      ['predict', 'm.onnx', '--input', '-', '--json'],
      {
        input: '{"a": [[1, 2], [3, 4]], "b": [10, 20, 30, "Infinity"]}',
        cwd: folder.root,
      },
    );
    assert.deepEqual([code, stderr], [0, '']);
    const { outputs } = JSON.parse(stdout) as { outputs: Record<string, unknown> };
    assert.deepEqual(outputs['sum'], {
      datatype: 'FP32',
      shape: [2, 2],
      data: [
        [11, 22],
        [33, 'Infinity'],
      ],
    });
  });

  test('runs a model folder by its config, labels included', async () => {
    await using folder = await createTestRepository({
      'm/1/model.onnx': identityModel('FP32', [-1, 3]),
      'm/config.pbtxt':
        'max_batch_size: 4\noutput [{ name: "output" data_type: TYPE_FP32 dims: 3 label_filename: "labels.txt" }]',
      'm/labels.txt': 'cat\ndog\nbird\n',
      'x.json': '[[0.1, 0.7, 0.2]]',
    });
    const args = ['predict', 'm', '--input', 'input=x.json', '--repeat', '3'];
    const { code, stdout } = await headway(args, { cwd: folder.root });
    assert.equal(code, 0);
    assert.match(stdout, /of 3 more runs: min/);
    assert.match(stdout, /item 0 {2}class 1 'dog' {2}0\.7/);
  });

  test('asks a running server, and says what it has', async () => {
    await using repository = await createTestRepository({ 'detector/1/model.onnx': addModel() });
    await using served = await serveInProcess(repository.root);
    const url = ['--url', served.urls.http];
    const { code, stdout } = await headway(['predict', 'detector', ...url, '--random', '--json']);
    assert.equal(code, 0);
    const answer = JSON.parse(stdout) as { outputs: { sum: { shape: number[] } } };
    assert.deepEqual(answer.outputs.sum.shape, [1, 64]);
    assert.match(await failure('predict', 'detecter', ...url), /did you mean 'detector'\?/);
    assert.match(await failure('predict', 'x', ...url), /; the server has detector/);
    assert.match(
      await usageError('predict', 'detector', ...url, '--random', '--dimension', 'batch=2'),
      /it has a\.0, b\.0/,
    );
  });
});

describe('headway serve', () => {
  test('ends in good order when it is told to stop while it loads', async () => {
    const model = slowModel({ width: 512, layers: 300 });
    const names = Array.from({ length: 40 }, (_, index) => `m${index}/1/model.onnx`);
    await using repository = await createTestRepository(
      Object.fromEntries(names.map((name) => [name, model])),
    );
    const ports = ['--http-port', '0', '--grpc-port', '0', '--metrics-port', '0'];
    const child = spawn(process.execPath, [
      main,
      'serve',
      '--model-repository',
      repository.root,
      ...ports,
    ]);
    const stdout = text(child.stdout);
    let stderr = '';
    child.stderr.on('data', (piece: Buffer) => {
      if (stderr === '') child.kill('SIGTERM');
      stderr += String(piece);
    });
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 0, stderr);
    assert.equal(await stdout, '');
    assert.match(stderr, /Stopping/);
  });
});

describe('a model that is a script', () => {
  test('is inspected as far as its config goes, and run by a server only', async () => {
    await using folder = await createTestRepository({ 'm/1/model.ts': '', 'm/2/model.ts': '' });
    const { root } = folder;
    const { code, stdout } = await headway(['inspect', join(root, 'm')]);
    assert.equal(code, 0);
    assert.match(stdout, /^model 'm', version 2 of 1, 2\n {2}a script: .*when a server/);
    assert.match(stdout, /\n {2}backend: script\n/);
    for (const args of [
      ['inspect', join(root, 'm/1/model.ts')],
      ['predict', join(root, 'm')],
    ]) {
      assert.match(await failure(...args), /is a script.*--allow-scripts.*--url/);
    }
  });
});
