import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { quantileOfSorted } from './quantile.ts';

describe('quantileOfSorted()', () => {
  test('is the least sample that a share q of the samples does not exceed', () => {
    const samples = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 1_000 }), (values, permille) => {
        const sorted = Float64Array.from(values).sort();
        const found = quantileOfSorted(sorted, permille / 1_000);
        const atMost = (limit: number) => sorted.filter((value) => value <= limit).length * 1_000;
        assert.ok(sorted.includes(found));
        assert.ok(atMost(found) >= permille * sorted.length);
        assert.ok(atMost(found - 1) < permille * sorted.length);
      }),
    );
  });

  test('is NaN for no samples', () => {
    assert.equal(quantileOfSorted(new Float64Array(), 0.5), Number.NaN);
  });
});
