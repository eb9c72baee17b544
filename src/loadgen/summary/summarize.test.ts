import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadRun } from '../../testing/load-run.ts';
import { quantileValue } from './distribution.ts';
import { summarize } from './summarize.ts';
import { outcomeTable, rateSentence, timeTable, validitySentence } from './summary-rows.ts';

/** A server that takes 10 ms, and was asked late twice. */
function tenMillisecondRun() {
  return loadRun(
    [
      { intendedMs: 0, endMs: 500 },
      { intendedMs: 1000, endMs: 1010, queueMs: 2, computeMs: 7 },
      { intendedMs: 1500, sentMs: 1510, endMs: 1520, queueMs: 3, computeMs: 7 },
      { intendedMs: 2000, endMs: 2001, outcome: 'rejected' },
      { intendedMs: 2900, sentMs: 2905, endMs: 3100 },
    ],
    { warmupMs: 1000, durationMs: 2000, reasons: new Map([['429 too many requests', 1]]) },
  );
}

test('summarize() counts latency from the intended send and service time from the actual one', () => {
  const summary = summarize(tenMillisecondRun());
  assert.equal(summary.requestCount, 4);
  assert.equal(summary.offeredPerSecond, 2);
  assert.equal(summary.achievedPerSecond, 1);
  assert.deepEqual(summary.outcomes, { ok: 3, rejected: 1 });
  assert.equal(quantileValue(summary.latencyMs, 0.5), 20);
  assert.equal(quantileValue(summary.serviceMs, 0.5), 10);
  assert.equal(summary.sendLagMs?.max, 10);
  assert.equal(summary.serverQueueMs?.mean, 2.5);
  assert.equal(summary.serverComputeMs?.count, 2);
  assert.equal(summary.validity.isValid, false);
  assert.deepEqual(summary.throughput.startMs, [1000, 2000]);
  assert.deepEqual(summary.throughput.offeredPerSecond, [2, 2]);
  assert.deepEqual(summary.throughput.achievedPerSecond, [2, 0]);
  assert.deepEqual(summary.throughput.failedPerSecond, [0, 1]);
});

test('summarize() names the latency of a closed loop for what it is', () => {
  const run = { ...tenMillisecondRun(), loop: 'closed' } as const;
  const summary = summarize(run);
  assert.equal(summary.latencyFrom, 'turnInClosedLoop');
  assert.match(String(timeTable(summary).rows[0]?.[0]), /closed loop/);
  assert.match(rateSentence(summary), /^closed loop, 1 good answers\/s/);
});

test('summarize() leaves out what nothing was measured of', () => {
  const summary = summarize(loadRun([]));
  assert.equal(summary.latencyMs, undefined);
  assert.deepEqual(timeTable(summary).rows, []);
  assert.equal(JSON.stringify(summary).includes('null'), false);
});

test('summarize() accounts for every judged request', () => {
  const row = fc.record({
    intendedMs: fc.nat(5000),
    tookMs: fc.nat(3000),
    outcome: fc.constantFrom('ok' as const, 'rejected' as const, 'timeout' as const),
  });
  fc.assert(
    fc.property(fc.array(row), fc.nat(3000), (rows, warmupMs) => {
      const ordered = rows
        .toSorted((a, b) => a.intendedMs - b.intendedMs)
        .map((each) => ({ ...each, endMs: each.intendedMs + each.tookMs }));
      const run = loadRun(ordered, { warmupMs, durationMs: 5001 - warmupMs });
      const { outcomes, requestCount, latencyMs, throughput } = summarize(run);
      const judged = ordered.filter(({ intendedMs }) => intendedMs >= warmupMs);
      assert.equal(requestCount, judged.length);
      assert.equal(
        Object.values(outcomes).reduce((total, count) => total + count, 0),
        judged.length,
      );
      assert.equal(latencyMs?.count ?? 0, judged.filter(({ outcome }) => outcome === 'ok').length);
      const lengths = throughput.startMs.map((startMs) =>
        Math.min(throughput.stretchMs, 5001 - startMs),
      );
      const offered = throughput.offeredPerSecond.reduce(
        (total, rate, place) => total + (rate * (lengths[place] ?? 0)) / 1000,
        0,
      );
      assert.ok(Math.abs(offered - judged.length) < 1e-6);
    }),
  );
});

test('the tables and sentences of a summary say what went wrong and whether the run counts', () => {
  const summary = summarize(tenMillisecondRun());
  assert.deepEqual(outcomeTable(summary).rows, [
    ['ok', '3', '75%'],
    ['rejected', '1', '25%'],
    ['  429 too many requests', '1', ''],
  ]);
  assert.match(validitySentence(summary), /^INVALID: the generator was late/);
  assert.equal(
    rateSentence(summary),
    '2 requests/s offered, 1 good answers/s; 4 requests in 2 s, after 1 s of warm-up',
  );
  const good = summarize(loadRun([{ intendedMs: 0, endMs: 5 }]));
  assert.match(validitySentence(good), /^valid: /);
});
