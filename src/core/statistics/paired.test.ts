import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairedDifference } from './paired.ts';
import { createRandom } from './random.ts';

test('pairedDifference() covers the true difference as often as it says', () => {
  const random = createRandom(5);
  let covered = 0;
  for (let trial = 0; trial < 2_000; trial += 1) {
    const normal = () =>
      Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b, -6);
    const { lower, upper } = pairedDifference(Array.from({ length: 5 }, normal), 0.9);
    if (lower <= 0 && 0 <= upper) covered += 1;
  }
  assert.ok(covered > 1_750 && covered < 1_850, `${covered}`);
});

test('pairedDifference() agrees with a table of Student, and knows nothing from one pair', () => {
  // t is 2.776 at 4 degrees of freedom, the deviation is 1.5811.
  const { mean, lower, upper } = pairedDifference([1, 2, 3, 4, 5], 0.95);
  assert.equal(mean, 3);
  assert.ok(Math.abs(upper - 4.9632) < 1e-3 && Math.abs(lower - 1.0368) < 1e-3);
  assert.deepEqual(pairedDifference([4], 0.95), { mean: 4, lower: -Infinity, upper: Infinity });
});
