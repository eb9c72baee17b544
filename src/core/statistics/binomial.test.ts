import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { binomialCdf, shareLowerBound, shareUpperBound } from './binomial.ts';

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
