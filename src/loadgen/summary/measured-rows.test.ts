import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadRun } from '../../testing/load-run.ts';
import {
  computeMs,
  firstByteMs,
  firstMeasuredRow,
  latencyMs,
  outcomeOf,
  queueMs,
  sendLagMs,
  serviceMs,
  sortedTimes,
} from './measured-rows.ts';

test('the times of a request count from the intended or from the actual send', () => {
  const row = { intendedMs: 10, sentMs: 12, firstByteMs: 15, endMs: 20, queueMs: 1, computeMs: 2 };
  const { samples } = loadRun([row]);
  const times = [latencyMs, serviceMs, firstByteMs, sendLagMs, queueMs, computeMs];
  assert.deepEqual(
    times.map((time) => time(samples, 0)),
    [10, 8, 3, 2, 1, 2],
  );
  assert.equal(outcomeOf(samples, 0), 'ok');
});

test('firstMeasuredRow() leaves out exactly what was intended in the warm-up', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.nat(1100), (times, warmupMs) => {
      const rows = times.toSorted((a, b) => a - b).map((intendedMs) => ({ intendedMs }));
      const run = loadRun(rows, { warmupMs });
      const expected = rows.filter(({ intendedMs }) => intendedMs < warmupMs).length;
      assert.equal(firstMeasuredRow(run), expected);
    }),
  );
});

test('sortedTimes() leaves out the warm-up, what never ended and, when asked, what went wrong', () => {
  const run = loadRun(
    [
      { intendedMs: 0, endMs: 900 },
      { intendedMs: 100, endMs: 130 },
      { intendedMs: 110, endMs: 120 },
      { intendedMs: 120, endMs: 121, outcome: 'rejected' },
      { intendedMs: 130, endMs: NaN, outcome: 'dropped' },
    ],
    { warmupMs: 100 },
  );
  assert.deepEqual([...sortedTimes(run, latencyMs)], [1, 10, 30]);
  assert.deepEqual([...sortedTimes(run, latencyMs, { onlyOk: true })], [10, 30]);
});
