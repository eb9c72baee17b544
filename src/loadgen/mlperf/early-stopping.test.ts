import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { shareUpperBound } from '../../core/statistics/binomial.ts';
import { allowedLate, earlyStoppingEstimate, queriesNeeded } from './early-stopping.ts';

/** Queries that so many late ones need, by the share that must be in time and the confidence. */
const late = [0, 1, 2, 5, 10, 20, 50, 100, 200];
const known = [
  [0.99, 0.99, [459, 662, 838, 1_307, 2_010, 3_304, 6_898, 12_571, 23_527]],
  [0.99, 0.95, [299, 473, 628, 1_049, 1_693, 2_902, 6_323, 11_799, 22_475]],
  [0.999, 0.99, [4_603, 6_636, 8_403, 13_105, 20_140, 33_097, 69_058, 125_826, 235_427]],
] as const;

describe('early stopping', () => {
  test('needs as many queries as the rules say', () => {
    for (const [share, confidence, counts] of known) {
      for (const [place, queries] of counts.entries()) {
        const lateCount = late[place] ?? 0;
        assert.equal(queriesNeeded(lateCount, share, confidence), queries);
        assert.equal(allowedLate(queries, share, confidence), lateCount);
        assert.equal(allowedLate(queries - 1, share, confidence), lateCount - 1);
      }
    }
    assert.equal(queriesNeeded(1, 0.9, 0.99), 64);
    assert.equal(allowedLate(0, 0.9, 0.99), -1);
  });

  test('is where the upper bound comes to lie below what is allowed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom(0.9, 0.95, 0.99),
        (few, share) => {
          const count = queriesNeeded(few, share, 0.95);
          assert.ok(shareUpperBound(few, count, 0.05) <= 1 - share + 1e-9);
          assert.ok(shareUpperBound(few, count - 1, 0.05) > 1 - share - 1e-9);
        },
      ),
    );
  });

  test('holds for runs of full length', () => {
    const allowed = allowedLate(270_336, 0.99, 0.99);
    assert.ok(allowed > 2_500 && allowed < 2_703, String(allowed));
  });

  test('estimates a percentile from above, and not from too few queries', () => {
    const latencies = Float64Array.from({ length: 838 }, (_, index) => index + 1);
    assert.equal(earlyStoppingEstimate(latencies, 0.99, 0.99), 837);
    assert.equal(earlyStoppingEstimate(latencies.subarray(0, 662), 0.99, 0.99), 662);
    assert.equal(earlyStoppingEstimate(latencies.subarray(0, 661), 0.99, 0.99), undefined);
  });
});
