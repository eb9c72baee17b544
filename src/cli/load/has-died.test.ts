import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../loadgen/samples.ts';
import { loadRun } from '../../testing/load-run.ts';
import { hasDied } from './has-died.ts';

/** A run of requests `everyMs` apart, each ended in a millisecond unless told. */
function runOf(ends: readonly (readonly [count: number, Outcome])[], everyMs = 100, tookMs = 1) {
  const rows = ends.flatMap(([count, outcome]) => Array.from({ length: count }, () => outcome));
  return loadRun(
    rows.map((outcome, row) => {
      const intendedMs = row * everyMs;
      return { intendedMs, endMs: intendedMs + tookMs, outcome };
    }),
    { durationMs: rows.length * everyMs },
  );
}

test('hasDied() sees a server that was gone at the end, however few requests there were', () => {
  assert.equal(
    hasDied(
      runOf([
        [15, 'ok'],
        [5, 'disconnected'],
      ]),
    ),
    true,
  );
  assert.equal(hasDied(runOf([[5, 'disconnected']])), true);
  assert.equal(
    hasDied(
      runOf(
        [
          [3, 'ok'],
          [2, 'disconnected'],
        ],
        4_000,
      ),
    ),
    true,
  );
});

test('hasDied() sees a server that hangs', () => {
  assert.equal(
    hasDied(
      runOf(
        [
          [20, 'ok'],
          [9, 'timeout'],
          [3, 'unfinished'],
        ],
        100,
        3_000,
      ),
    ),
    true,
  );
  assert.equal(
    hasDied(
      runOf(
        [
          [4, 'rejected'],
          [3, 'timeout'],
        ],
        3_000,
        30_000,
      ),
    ),
    false,
  );
  assert.equal(
    hasDied(
      runOf(
        [
          [4, 'rejected'],
          [3, 'timeout'],
        ],
        3_000,
        2_000,
      ),
    ),
    true,
  );
});

test('hasDied() takes every kind of answer for a sign of life', () => {
  for (const outcome of ['ok', 'rejected', 'failed', 'wrong'] as const) {
    assert.equal(
      hasDied(
        runOf([
          [20, 'disconnected'],
          [1, outcome],
          [4, 'timeout'],
        ]),
      ),
      false,
    );
  }
  assert.equal(
    hasDied(
      runOf(
        [
          [9, 'ok'],
          [9, 'unfinished'],
        ],
        1_000,
      ),
    ),
    false,
  );
  assert.equal(
    hasDied(
      runOf(
        [
          [30, 'ok'],
          [2, 'timeout'],
        ],
        10,
        30_000,
      ),
    ),
    false,
  );
  assert.equal(hasDied(loadRun([])), false);
});
