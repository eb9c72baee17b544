import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { quantileOfSorted, takeQuantile } from './quantile.ts';

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

test('takeQuantile() finds in any order what sorting finds', () => {
  const sample = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(sample), fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const found = takeQuantile(Float64Array.from(values), q);
      const expected = quantileOfSorted(Float64Array.from(values).sort(), q);
      // Zeros of either sign are equal.
      assert.ok(found === expected || (Number.isNaN(found) && values.length === 0));
    }),
  );
});
