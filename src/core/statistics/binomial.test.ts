import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { binomialCdf, earlyStoppingCount, shareLowerBound, shareUpperBound } from './binomial.ts';

const counts = fc
  .record({
    count: fc.integer({ min: 1, max: 60 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ count, part }) => ({ count, hits: Math.round(part * count) }));
const alphas = fc.double({ min: 1e-6, max: 0.4, noNaN: true });

/** The sum of the law itself. */
function slowCdf(hits: number, count: number, share: number): number {
  let sum = 0;
  let ways = 1;
  for (let k = 0; k <= hits; k += 1) {
    sum += ways * share ** k * (1 - share) ** (count - k);
    ways = (ways * (count - k)) / (k + 1);
  }
  return sum;
}

test('binomialCdf() sums the binomial law', () => {
  const shares = fc.double({ min: 0.001, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(counts, shares, ({ hits, count }, share) => {
      const expected = slowCdf(hits, count, share);
      assert.ok(Math.abs(binomialCdf(hits, count, share) - expected) < 1e-11);
    }),
  );
});

describe('the exact bounds of a share', () => {
  test('lie on their sides of what was seen, and are mirror images', () => {
    fc.assert(
      fc.property(counts, alphas, ({ hits, count }, alpha) => {
        const [lower, upper] = [
          shareLowerBound(hits, count, alpha),
          shareUpperBound(hits, count, alpha),
        ];
        assert.ok(lower <= hits / count && hits / count <= upper);
        assert.ok(Math.abs(1 - shareLowerBound(count - hits, count, alpha) - upper) < 1e-12);
      }),
    );
  });

  test('leave as much chance to what was seen as is allowed', () => {
    fc.assert(
      fc.property(counts, alphas, ({ hits, count }, alpha) => {
        fc.pre(hits < count);
        const chance = slowCdf(hits, count, shareUpperBound(hits, count, alpha));
        assert.ok(Math.abs(chance - alpha) < 1e-9);
      }),
    );
  });
});

describe('earlyStoppingCount()', () => {
  test('gives the counts of MLPerf', () => {
    const late = [0, 1, 2, 5, 10, 20, 50, 100, 200];
    const at = (q: number, confidence: number) =>
      late.map((count) => earlyStoppingCount(count, q, confidence));
    assert.deepEqual(at(0.99, 0.99), [459, 662, 838, 1307, 2010, 3304, 6898, 12571, 23527]);
    assert.deepEqual(at(0.99, 0.95), [299, 473, 628, 1049, 1693, 2902, 6323, 11799, 22475]);
    assert.equal(earlyStoppingCount(1, 0.999, 0.99), 6636);
  });

  test('is where the upper bound comes to lie below what is allowed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0.9, 0.95, 0.99), (late, q) => {
        const count = earlyStoppingCount(late, q, 0.95);
        assert.ok(shareUpperBound(late, count, 0.05) <= 1 - q + 1e-9);
        assert.ok(shareUpperBound(late, count - 1, 0.05) > 1 - q - 1e-9);
      }),
    );
  });
});
