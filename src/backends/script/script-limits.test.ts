import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createSystemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import type { BackendInstance } from '../backend.ts';
import { floats, plainModelConfig, plainModelSpec, requestOf, run } from '../contract.ts';
import { restartDelayMs } from './restart-delay.ts';
import { createScriptBackend } from './script-backend.ts';

const signature = `export const signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
};
const what = (requests) => new Float32Array(requests[0].inputs.x.data.slice().buffer)[0];
const echo = (requests) => requests.map(({ inputs: { x } }) => ({ y: x }));`;

interface Loaded extends AsyncDisposable {
  readonly instance: BackendInstance;
  readonly file: string;
}

async function load(script: string, parameters: Record<string, string> = {}): Promise<Loaded> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-script-'));
  owned.defer(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'model.js');
  await writeFile(file, `${signature}\n${script}`);
  const backend = createScriptBackend({
    isAllowed: true,
    mainPath: path.join(import.meta.dirname, 'process/main.ts'),
    callModel: () => Promise.reject(new TypeError('there is no other model')),
    clock: createSystemClock(),
    logger: silentLogger,
  });
  const config = plainModelConfig({ parameters, maxBatchSize: 8 });
  const model = owned.use(await backend.load(plainModelSpec(folder, config)));
  const instance = owned.use(await model.createInstance(config));
  const resources = owned.move();
  return { instance, file, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const ask = (value: number) => requestOf({ x: floats([1], [value]) }, 'y');

async function failure(instance: BackendInstance, value: number): Promise<string> {
  const { items } = await run(instance, ask(value));
  return items[0]?.kind === 'failed' ? `${items[0].error.code}: ${items[0].error.message}` : 'done';
}

test('a script that leaks or hangs is ended, alone, and started again', async () => {
  const script = `
    const kept = [];
    export const execute = (requests) => {
      if (what(requests) === 1) for (;;) kept.push(new Array(1000).fill(1));
      if (what(requests) === 2) for (;;) kept.push(new Uint8Array(2 ** 22).fill(1));
      if (what(requests) === 3) for (;;);
      if (what(requests) === 4) process.kill(process.pid, 'SIGSEGV');
      return echo(requests);
    };`;
  const limits = { memory_limit: '192MiB', time_limit: '3s' };
  await using loaded = await load(script, limits);
  const { instance } = loaded;
  for (const [value, expected] of [
    [1, /^internal: .*(?:SIGABRT|used \d+MiB of memory)/],
    [2, /^internal: .*used \d+MiB of memory, and its limit is 192MiB/],
    [3, /^deadline_exceeded: .*did not return within 3 s/],
    [4, /^internal: .*was ended by SIGSEGV/],
  ] as const) {
    assert.match(await failure(instance, value), expected);
    assert.equal(await failure(instance, 0), 'done');
  }
});

test('responses that are not as they must be fail their requests, with what was expected', async () => {
  const script = `
    const f32 = (shape) => ({ datatype: 'FP32', shape, data: new Uint8Array(4 * shape[0]) });
    const answers = [
      () => [],
      () => 7,
      () => [{ z: f32([1]) }],
      () => [{ y: f32([2]) }],
      () => [{ y: { ...f32([1]), datatype: 'INT32' } }],
      () => [{ y: { ...f32([1]), data: new Uint8Array(3) } }],
      () => [{ y: 'no tensor' }],
      () => [null],
    ];
    export const execute = (requests) => answers[what(requests)]();`;
  await using loaded = await load(script);
  const expected = [
    /1 requests with 0 responses/,
    /execute\(\) returned number/,
    /has no output 'y', only 'z'/,
    /has shape \[2\], expected \[1\]/,
    /is INT32, expected FP32/,
    /has 3 bytes, and FP32 \[1\] takes 4/,
    /has the datatype 'undefined'/,
    /has no output 'y'/,
  ];
  for (const [value, message] of expected.entries()) {
    const text = await failure(loaded.instance, value).catch(String);
    assert.match(text, message);
  }
});

test('initialise() and finalise() are called, and what fails in initialise() says so', async () => {
  const mark = path.join(tmpdir(), `headway-finalised-${process.pid}`);
  const loaded = await load(
    `import { writeFileSync } from 'node:fs';
    let mark;
    export const initialise = ({ parameters }) => void (mark = parameters.mark);
    export const execute = echo;
    export const finalise = () => writeFileSync(mark, '');`,
    { mark },
  );
  assert.ok(!existsSync(mark));
  await loaded[Symbol.asyncDispose]();
  assert.ok(existsSync(mark));
  await rm(mark);
  await assert.rejects(
    load(
      `export const execute = echo; export const initialise = () => { throw new Error('why') };`,
    ),
    { code: 'invalid_argument', message: /initialise\(\) failed: why/ },
  );
  await assert.rejects(load('export const x = ;'), { code: 'invalid_argument' });
  await assert.rejects(load('export const y = 1;'), { message: /no function 'execute'/ });
});

test('restartDelayMs() is nothing at first, doubles, and has an end', () => {
  assert.deepEqual([1, 2, 3, 4, 100].map(restartDelayMs), [0, 100, 200, 400, 10_000]);
});

test('a script that is started again is the one that was loaded, whatever its file holds by now', async () => {
  const script = `
    export const execute = (requests) => (what(requests) === 1 ? process.exit(1) : echo(requests));`;
  await using loaded = await load(script);
  await writeFile(loaded.file, 'an edit that is under way');
  assert.match(await failure(loaded.instance, 1), /exit code 1/);
  assert.equal(await failure(loaded.instance, 0), 'done');
});
