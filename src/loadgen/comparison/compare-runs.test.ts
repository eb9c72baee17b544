import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadRun } from '../../testing/load-run.ts';
import type { LoadRow } from '../../testing/load-run.ts';
import { compareRuns } from './compare-runs.ts';
import { comparisonTable } from './comparison-rows.ts';

function run(latencies: readonly number[], about: Partial<LoadRow> = {}) {
  return loadRun(
    latencies.map((latency, row) => ({ intendedMs: row, endMs: row + latency, ...about })),
  );
}

/** Latencies of 1 to 100 ms, and a little more in each further run. */
function spread(extra: number): number[] {
  return Array.from({ length: 100 }, (_, place) => place + 1 + extra);
}

test('compareRuns() finds a shift that all pairs have, whatever pairs have in common', () => {
  const pairs = [0, 40, 7].map((common, place) => ({
    first: run(spread(common)),
    second: run(spread(common + 5 + place / 100)),
  }));
  const { quantiles, shift, misses } = compareRuns(pairs, { limitMs: 90 });
  assert.ok(shift.every(({ difference }) => difference > 4 && difference < 6));
  for (const { difference, low = NaN, high = NaN } of quantiles) {
    assert.ok(Math.abs(difference - 5.01) < 1e-6);
    assert.ok(low > 4.98 && low < difference && high > difference && high < 5.04);
  }
  assert.equal(misses.limitMs, 90);
  assert.ok(misses.difference > 0.04 && misses.difference < 0.07);
});

test('compareRuns() gives no interval of one pair, and no quantiles where nothing was answered', () => {
  const one = compareRuns([{ first: run([1]), second: run([2]) }]);
  assert.deepEqual(one.quantiles[0], { quantile: 0.5, first: 1, second: 2, difference: 1 });
  const none = compareRuns([{ first: run([1]), second: run([2], { outcome: 'failed' }) }]);
  assert.deepEqual(none.quantiles, []);
  assert.deepEqual(none.misses, { first: 0, second: 1, difference: 1 });
});

test('compareRuns() turns its signs round when the servers change places', () => {
  const latencies = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(latencies, latencies), { minLength: 2, maxLength: 6 }),
      (given) => {
        const pairs = given.map(([first, second]) => ({ first: run(first), second: run(second) }));
        const back = pairs.map(({ first, second }) => ({ first: second, second: first }));
        const [there, here] = [compareRuns(pairs), compareRuns(back)];
        for (const [place, each] of there.quantiles.entries()) {
          const other = here.quantiles[place];
          assert.ok(Math.abs(each.difference + (other?.difference ?? NaN)) < 1e-9);
          assert.ok(Math.abs((each.low ?? NaN) + (other?.high ?? NaN)) < 1e-6);
          assert.ok((each.low ?? NaN) <= each.difference && each.difference <= (each.high ?? NaN));
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('compareRuns() bounds the shift function by blocks of time, of a single pair too', () => {
  const first = run(spread(0));
  const { shift } = compareRuns([{ first, second: run(spread(5)) }]);
  assert.equal(shift.length, 20);
  for (const { difference, low = NaN, high = NaN } of shift) {
    assert.equal(difference, 5);
    assert.ok(low <= 5 && high >= 5);
  }
});

test('comparisonTable() names the lower server only where the interval leaves zero out', () => {
  const pairs = [0, 1, 2].map((common) => ({
    first: run(spread(common)),
    second: run(spread(common - 0.5 - common / 1000)),
  }));
  const { head, rows } = comparisonTable(compareRuns(pairs, { limitMs: 200 }), ['a', 'b']);
  assert.deepEqual(head, ['', 'a', 'b', 'difference', '95% interval', 'which is lower']);
  assert.deepEqual(rows[0], ['p50 ms', '51.0', '50.5', '-0.50', '-0.50 to -0.50', 'b']);
  assert.deepEqual(rows[4], [
    'went wrong or late (> 200 ms)',
    '0%',
    '0%',
    '0%',
    '0% to 0%',
    'not shown',
  ]);
});
