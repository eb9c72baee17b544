import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowedLate, earlyStoppingEstimate, queriesNeeded } from './early-stopping.ts';

/** Late queries, share, and the queries they need at 99 % confidence, of MLPerf's own table. */
const known = [
  [0, 0.99, 459],
  [1, 0.99, 662],
  [2, 0.99, 838],
  [10, 0.99, 2_010],
  [100, 0.99, 12_571],
  [200, 0.99, 23_527],
  [1, 0.9, 64],
  [1, 0.999, 6_636],
] as const;

describe('early stopping', () => {
  test('needs as many queries as the rules say', () => {
    for (const [late, share, queries] of known) {
      assert.equal(queriesNeeded(late, share, 0.99), queries);
      assert.equal(allowedLate(queries, share, 0.99), late);
      assert.equal(allowedLate(queries - 1, share, 0.99), late - 1);
    }
  });

  test('holds for runs of full length', () => {
    const late = allowedLate(270_336, 0.99, 0.99);
    assert.ok(late > 2_500 && late < 2_703, String(late));
  });

  test('estimates a percentile from above, and not from too few queries', () => {
    const latencies = Float64Array.from({ length: 838 }, (_, index) => index + 1);
    assert.equal(earlyStoppingEstimate(latencies, 0.99, 0.99), 837);
    assert.equal(earlyStoppingEstimate(latencies.subarray(0, 662), 0.99, 0.99), 662);
    assert.equal(earlyStoppingEstimate(latencies.subarray(0, 661), 0.99, 0.99), undefined);
  });
});
