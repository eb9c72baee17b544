import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { quantileInterval } from './quantile-interval.ts';
import { createRandom } from './random.ts';

const ranks = (length: number) => Float64Array.from({ length }, (_, place) => place + 1);

describe('quantileInterval()', () => {
  test('has an upper end of P99 from 368 samples on', () => {
    assert.equal(quantileInterval(ranks(367), 0.99, 0.95).upper, Infinity);
    assert.equal(quantileInterval(ranks(368), 0.99, 0.95).upper, 368);
    assert.deepEqual(quantileInterval(ranks(1), 0.5, 0.95), { lower: -Infinity, upper: Infinity });
  });

  test('covers the true quantile as often as it says', () => {
    const random = createRandom(7);
    const trials = 2_000;
    for (const q of [0.5, 0.9]) {
      let covered = 0;
      for (let trial = 0; trial < trials; trial += 1) {
        const sorted = Float64Array.from({ length: 120 }, () => random.next()).sort();
        const { lower, upper } = quantileInterval(sorted, q, 0.9);
        if (lower <= q && q <= upper) covered += 1;
      }
      assert.ok(covered / trials > 0.89 && covered / trials < 0.96, `${covered / trials}`);
    }
  });
});
