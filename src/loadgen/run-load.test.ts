import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../testing/manual-clock.ts';
import type { LoadClient, RequestProgress } from './load-client.ts';
import { runClosedLoop, runOpenLoop } from './run-load.ts';
import { outcomes } from './samples.ts';
import { validityOf } from './validity.ts';

/** A client whose requests the test ends. */
function createHeldClient() {
  const held: RequestProgress[] = [];
  const inputs: number[] = [];
  let isCutOff = false;
  const client: LoadClient = {
    send(input, progress) {
      inputs.push(input);
      progress.sent();
      held.push(progress);
    },
    cutOff: () => (isCutOff = true),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { client, held, inputs, isCutOff: () => isCutOff };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const schedule = { seed: 1, warmupMs: 0, durationMs: 100 };
const outcomeNames = (numbers: Uint8Array) => [...numbers].map((number) => outcomes[number]);

test('runOpenLoop() sends when the schedule says, whatever becomes of what was sent', async () => {
  const clock = createManualClock();
  const { client, held } = createHeldClient();
  const intendedMs = Float64Array.of(0, 10, 10, 30);
  const running = runOpenLoop({ ...schedule, intendedMs }, client, { clock });
  clock.advance(0);
  assert.equal(held.length, 1);
  clock.advance(10);
  assert.equal(held.length, 3);
  held[0]?.firstByte();
  held[0]?.end('ok', { queueMs: 2, computeMs: 3 });
  clock.advance(20);
  assert.equal(held.length, 4);
  for (const progress of held) progress.end('rejected', { reason: 'HTTP status 429' });
  const { samples, reasons, loop, durationMs } = await running;
  assert.equal(loop, 'open');
  assert.equal(durationMs, 100);
  assert.deepEqual([...samples.sentMs], [0, 10, 10, 30]);
  assert.deepEqual([...samples.endMs], [10, 30, 30, 30]);
  assert.deepEqual([...samples.firstByteMs], [10, Number.NaN, Number.NaN, Number.NaN]);
  assert.deepEqual(outcomeNames(samples.outcome), ['ok', 'rejected', 'rejected', 'rejected']);
  assert.deepEqual([samples.queueMs[0], samples.computeMs[0]], [2, 3]);
  assert.deepEqual([...reasons], [['HTTP status 429', 3]]);
});

test('runOpenLoop() sends the inputs that the schedule names', async () => {
  const clock = createManualClock();
  const { client, held, inputs } = createHeldClient();
  const planned = {
    ...schedule,
    intendedMs: Float64Array.of(0, 0, 0),
    inputs: Uint32Array.of(7, 0, 7),
  };
  const running = runOpenLoop(planned, client, { clock });
  clock.advance(0);
  for (const progress of held) progress.end('ok');
  await running;
  assert.deepEqual(inputs, [7, 0, 7]);
});

test('a run cuts off what has no answer when the time to drain is over', async () => {
  const clock = createManualClock();
  const { client, held, isCutOff } = createHeldClient();
  const intendedMs = Float64Array.of(0, 10);
  const running = runOpenLoop({ ...schedule, intendedMs }, client, { clock, drainMs: 50 });
  clock.advance(10);
  held[1]?.end('ok');
  await settle();
  clock.advance(49);
  await settle();
  assert.equal(isCutOff(), false);
  clock.advance(1);
  const { samples, reasons } = await running;
  assert.equal(isCutOff(), true);
  assert.deepEqual(outcomeNames(samples.outcome), ['unfinished', 'ok']);
  assert.deepEqual([...reasons], [['unfinished', 1]]);
});

test('a run that is stopped keeps what was measured', async () => {
  const clock = createManualClock();
  const stop = new AbortController();
  const { client, held } = createHeldClient();
  const intendedMs = Float64Array.of(0, 10, 80);
  const planned = { ...schedule, warmupMs: 5, intendedMs };
  const running = runOpenLoop(planned, client, { clock, signal: stop.signal });
  clock.advance(40);
  stop.abort();
  for (const progress of held) progress.end('ok');
  const { samples, durationMs } = await running;
  assert.equal(samples.count, 2);
  assert.equal(durationMs, 35);
  assert.equal(clock.pendingCount, 0);
});

test('a run that is stopped does not wait for its whole time to drain', async () => {
  const clock = createManualClock();
  const stop = new AbortController();
  const { client } = createHeldClient();
  const planned = { ...schedule, intendedMs: Float64Array.of(0) };
  const options = { clock, signal: stop.signal, drainMs: 30_000 };
  const running = runOpenLoop(planned, client, options);
  clock.advance(100);
  await settle();
  stop.abort();
  await settle();
  clock.advance(5_000);
  const { samples } = await running;
  assert.deepEqual(outcomeNames(samples.outcome), ['unfinished']);
  assert.equal(clock.pendingCount, 0);
});

test('a run tells how it stands', async () => {
  const clock = createManualClock();
  const { client, held } = createHeldClient();
  const seen: unknown[] = [];
  const intendedMs = Float64Array.of(0, 10, 60);
  const running = runOpenLoop({ ...schedule, warmupMs: 5, intendedMs }, client, {
    clock,
    tickMs: 20,
    onTick: ({ recentLatenciesMs, ...rest }) => seen.push([rest, [...recentLatenciesMs]]),
  });
  clock.advance(12);
  held[0]?.end('ok');
  held[1]?.end('failed');
  clock.advance(28);
  const counts = { begunCount: 2, endedCount: 2, failedCount: 1 };
  assert.deepEqual(seen, [
    [{ elapsedMs: 20, totalMs: 105, ...counts }, [12, 2]],
    [{ elapsedMs: 40, totalMs: 105, ...counts }, []],
  ]);
  clock.advance(20);
  held[2]?.end('ok');
  await running;
});

test('runClosedLoop() follows each request that ends with the next', async () => {
  const clock = createManualClock();
  const { client, held } = createHeldClient();
  const running = runClosedLoop({ concurrency: 2, warmupMs: 10, durationMs: 20 }, client, {
    clock,
  });
  clock.advance(0);
  assert.equal(held.length, 2);
  clock.advance(5);
  held[0]?.end('ok');
  assert.equal(held.length, 3);
  clock.advance(25);
  for (const progress of held) progress.end('ok');
  const { samples, loop } = await running;
  assert.equal(loop, 'closed');
  assert.deepEqual([...samples.intendedMs], [0, 0, 5]);
  assert.deepEqual([...samples.endMs], [5, 30, 30]);
});

test('a place of a closed loop that finds nobody waits before it tries again', async () => {
  const clock = createManualClock();
  let sentCount = 0;
  const client: LoadClient = {
    send(_input, progress) {
      sentCount += 1;
      progress.end('disconnected', { reason: 'connection refused' });
    },
    cutOff: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const running = runClosedLoop({ concurrency: 1, warmupMs: 0, durationMs: 250 }, client, {
    clock,
  });
  clock.advance(250);
  await running;
  assert.equal(sentCount, 3);
});

test('what ends as dropped was never sent', async () => {
  const clock = createManualClock();
  const { client, held } = createHeldClient();
  const running = runOpenLoop({ ...schedule, intendedMs: Float64Array.of(0) }, client, { clock });
  clock.advance(0);
  held[0]?.sent();
  held[0]?.end('dropped');
  const { samples } = await running;
  assert.deepEqual(samples.sentMs, Float64Array.of(Number.NaN));
});

test('validityOf() lets one of few requests be late, and not two', async () => {
  const clock = createManualClock();
  const { client, held } = createHeldClient();
  const intendedMs = Float64Array.from({ length: 20 }, (_, index) => index);
  const running = runOpenLoop({ ...schedule, warmupMs: 0, intendedMs }, client, { clock });
  for (let index = 0; index < 20; index += 1) clock.advance(1);
  for (const progress of held) progress.end('ok');
  const run = await running;
  run.samples.sentMs[3] = 9;
  assert.equal(validityOf(run).valid, true);
  run.samples.sentMs[4] = 9;
  assert.equal(validityOf(run).valid, false);
});

test('validityOf() refuses a late generator and one that drops requests', async () => {
  const clock = createManualClock();
  const { client, held } = createHeldClient();
  const intendedMs = Float64Array.from({ length: 200 }, (_, index) => index);
  const running = runOpenLoop({ ...schedule, warmupMs: 10, intendedMs }, client, { clock });
  for (let index = 0; index < 200; index += 1) clock.advance(1);
  for (const progress of held) progress.end('ok');
  const run = await running;
  assert.deepEqual(validityOf(run), { valid: true, lagP99Ms: 0, droppedCount: 0, reasons: [] });
  run.samples.sentMs[3] = 9;
  for (const row of [50, 60]) run.samples.sentMs[row] = row + 2;
  run.samples.outcome[70] = outcomes.indexOf('dropped');
  run.samples.sentMs[70] = Number.NaN;
  assert.deepEqual(validityOf(run), {
    valid: false,
    lagP99Ms: 2,
    droppedCount: 1,
    reasons: [
      'the generator was late: more than 1 in 100 requests were sent 2.0 ms or more after their time, and 1 ms is allowed',
      'the generator could not send 1 of 190 requests',
    ],
  });
  assert.deepEqual(validityOf({ ...run, warmupMs: 1000, lostGeneratorCount: 1 }).reasons, [
    '1 of the processes that generate load ended in the middle, and what they measured is missing; look for what ended them, such as too little memory',
    'no request was sent after the warm-up: raise the duration or the load',
  ]);
});
