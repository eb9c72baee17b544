import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { loadScript } from '../src/testing/loaded-script.ts';

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
  const parameters = { memory_limit: '192MiB', time_limit: '3s' };
  await using loaded = await loadScript(script, { parameters });
  for (const [value, expected] of [
    [1, /^internal: .*(?:SIGABRT|used \d+MiB of memory)/],
    [2, /^internal: .*used \d+MiB of memory, and its limit is 192MiB/],
    [3, /^deadline_exceeded: .*did not return within 3 s/],
    [4, /^internal: .*was ended by SIGSEGV/],
  ] as const) {
    assert.match(await loaded.ask(value), expected);
    assert.equal(await loaded.ask(0), 'done');
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
  await using loaded = await loadScript(script);
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
    const text = await loaded.ask(value).catch(String);
    assert.match(text, message);
  }
});

test('initialise() and finalise() are called, and what fails in initialise() says so', async () => {
  const mark = path.join(tmpdir(), `headway-finalised-${process.pid}`);
  const loaded = await loadScript(
    `import { writeFileSync } from 'node:fs';
    let mark;
    export const initialise = ({ parameters }) => void (mark = parameters.mark);
    export const execute = echo;
    export const finalise = () => writeFileSync(mark, '');`,
    { parameters: { mark } },
  );
  assert.ok(!existsSync(mark));
  await loaded[Symbol.asyncDispose]();
  assert.ok(existsSync(mark));
  await rm(mark);
  await assert.rejects(
    loadScript(
      `export const execute = echo; export const initialise = () => { throw new Error('why') };`,
    ),
    { code: 'invalid_argument', message: /initialise\(\) failed: why/ },
  );
  await assert.rejects(loadScript('export const x = ;'), { code: 'invalid_argument' });
  await assert.rejects(loadScript('export const y = 1;'), { message: /no function 'execute'/ });
});
