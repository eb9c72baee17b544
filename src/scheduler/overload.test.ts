import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchResult, ExecuteBatch } from '../core/batch.ts';
import { type ManualClock, createManualClock } from '../testing/manual-clock.ts';
import { dynamicBatching } from '../testing/queued-request.ts';
import { createScheduler } from './dispatcher.ts';

/** A model that takes 2 ms a batch and 1 ms an item, give or take a tenth: 941 items/s at most. */
function createModel(clock: ManualClock, random: () => number): ExecuteBatch {
  return ({ requests }, signal) =>
    new Promise<BatchResult>((resolve, reject) => {
      const runMs = (2 + requests.length) * (0.9 + 0.2 * random());
      const items = requests.map(() => ({ kind: 'done' as const, outputs: new Map() }));
      const timings = { inputMs: 0, inferMs: runMs, outputMs: 0 };
      const cancel = clock.schedule(runMs, () => resolve({ items, timings }));
      signal.addEventListener('abort', () => {
        cancel();
        reject(new Error('terminated'));
      });
    });
}

interface Outcome {
  answeredPerSecond: number;
  refusedShare: number;
  /** Accepted, run and too late, of all that were accepted. */
  lateShare: number;
}

/** Offers requests that come at random, each due in 50 ms, for three seconds after one of warming. */
async function offer(requestsPerSecond: number): Promise<Outcome> {
  const clock = createManualClock();
  const random = seededRandom(7);
  const scheduler = createScheduler({
    clock,
    maxBatchSize: 32,
    scheduling: dynamicBatching(),
    paddedInputNames: new Set(),
    instances: [createModel(clock, random)],
    observer: { queued: () => {}, rejected: () => {}, executed: () => {} },
    defer: (run) => void clock.schedule(0, run),
  });
  const counts = { answered: 0, refused: 0, late: 0 };
  const count = (key: keyof typeof counts, isWarm: boolean): void => {
    if (isWarm) counts[key] += 1;
  };
  const data = new Uint8Array(4);
  const inputs = new Map([['x', { datatype: 'FP32', shape: [1], data } as const]]);
  while (clock.nowMs() < 4000) {
    await passTime(clock, (-Math.log(random()) * 1000) / requestsPerSecond);
    const isWarm = clock.nowMs() > 1000;
    const request = { id: '', inputs, outputNames: [], parameters: {} };
    const limits = { priority: 0, queueTimeoutMs: 0, deadlineMs: clock.nowMs() + 50 };
    scheduler.submit({ request, batchSize: 1, signal: undefined, ...limits }).then(
      () => count('answered', isWarm),
      ({ code }) => count(code === 'deadline_exceeded' ? 'late' : 'refused', isWarm),
    );
  }
  await passTime(clock, 100);
  const { answered, refused, late } = counts;
  return {
    answeredPerSecond: answered / 3,
    refusedShare: refused / (answered + refused + late),
    lateShare: late / (answered + late),
  };
}

async function passTime(clock: ManualClock, elapsedMs: number): Promise<void> {
  const endMs = clock.nowMs() + elapsedMs;
  while ((clock.nextDueMs ?? Infinity) <= endMs) {
    clock.advance((clock.nextDueMs ?? endMs) - clock.nowMs());
    for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
  }
  clock.advance(endMs - clock.nowMs());
}

function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

test('createScheduler() refuses next to nothing that it can bear', async () => {
  const { refusedShare, lateShare } = await offer(600);
  assert.ok(refusedShare < 0.005 && lateShare < 0.005, `${refusedShare}, ${lateShare}`);
});

for (const requestsPerSecond of [1000, 3000]) {
  test(`createScheduler() keeps its pace at ${requestsPerSecond} requests a second, 941 being the most`, async () => {
    const { answeredPerSecond, lateShare } = await offer(requestsPerSecond);
    assert.ok(answeredPerSecond > 820, `${answeredPerSecond} answered a second`);
    assert.ok(lateShare < 0.05, `${lateShare} of the accepted came late`);
  });
}
