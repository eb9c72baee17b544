import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../loadgen/samples.ts';
import { loadRun } from '../../testing/load-run.ts';
import { hasDied } from './has-died.ts';

interface Stretch {
  readonly count: number;
  readonly outcome: Outcome;
  readonly tookMs?: number;
}

/** A run of requests `everyMs` apart, each ended in a millisecond unless told. */
function runOf(stretches: readonly Stretch[], everyMs = 100) {
  const rows = stretches.flatMap((stretch) => Array.from({ length: stretch.count }, () => stretch));
  return loadRun(
    rows.map(({ outcome, tookMs = 1 }, row) => {
      const intendedMs = row * everyMs;
      return { intendedMs, endMs: intendedMs + tookMs, outcome };
    }),
    { durationMs: rows.length * everyMs },
  );
}

const ok = (count: number, tookMs = 1): Stretch => ({ count, outcome: 'ok', tookMs });
const gone = (count: number): Stretch => ({ count, outcome: 'disconnected' });
const late = (count: number, tookMs: number): Stretch => ({ count, outcome: 'timeout', tookMs });
const cutOff = (count: number): Stretch => ({ count, outcome: 'unfinished' });

test('hasDied() sees a server that was gone at the end, however few requests there were', () => {
  assert.equal(hasDied(runOf([ok(15), gone(5)])), true);
  assert.equal(hasDied(runOf([gone(5)])), true);
  assert.equal(hasDied(runOf([ok(3), gone(2)], 4_000)), true);
  assert.equal(hasDied(runOf([ok(15), gone(2)])), false);
});

test('hasDied() sees a server that hangs', () => {
  assert.equal(hasDied(runOf([ok(20), late(9, 8_000), cutOff(3)])), true);
  assert.equal(hasDied(runOf([ok(4), late(3, 2_000)], 3_000)), true);
});

test('hasDied() takes a server for alive that has too much to do', () => {
  const mixed = Array.from({ length: 50 }, () => [ok(1, 1_900), late(4, 2_000)]).flat();
  assert.equal(hasDied(runOf(mixed, 5)), false);
  // Nobody knows of the last ones.
  assert.equal(hasDied(runOf([ok(30), late(9, 2_000)], 10)), false);
});

test('hasDied() takes every kind of answer for a sign of life', () => {
  for (const outcome of ['ok', 'rejected', 'failed', 'wrong'] as const) {
    assert.equal(hasDied(runOf([gone(20), { count: 1, outcome }, late(4, 1)])), false);
  }
  assert.equal(hasDied(runOf([ok(9), cutOff(9)], 1_000)), false);
  assert.equal(hasDied(loadRun([])), false);
});
