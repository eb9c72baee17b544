import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from './random.ts';
import { shiftFunction } from './shift-function.ts';

const quantiles = [0.1, 0.5, 0.9];
const options = { quantiles, blockCount: 20, confidence: 0.9, seed: 1, resampleCount: 200 };

function valuesOf(seed: number, shift: number) {
  const random = createRandom(seed);
  const blocks = Uint32Array.from({ length: 600 }, (_, row) => Math.floor(row / 30));
  return { blocks, values: Float64Array.from(blocks, () => 10 * random.next() + shift) };
}

describe('shiftFunction()', () => {
  test('finds a shift that is the same everywhere, exactly where the values are', () => {
    for (const shift of shiftFunction(valuesOf(1, 0), valuesOf(1, 2), options)) {
      for (const value of [shift.difference, shift.lower, shift.upper]) {
        assert.ok(Math.abs(value - 2) < 1e-9);
      }
    }
  });

  test('covers the true shift about as often as it says', () => {
    const covered = quantiles.map(() => 0);
    for (let trial = 0; trial < 150; trial += 1) {
      const shifts = shiftFunction(valuesOf(trial, 0), valuesOf(trial + 0.5, 1), options);
      for (const [place, { lower, upper }] of shifts.entries()) {
        if (lower <= 1 && 1 <= upper) covered[place] = (covered[place] ?? 0) + 1;
      }
    }
    for (const count of covered) assert.ok(count > 120, covered.join(' '));
  });

  test('repeats itself', () => {
    const once = () => shiftFunction(valuesOf(3, 0), valuesOf(4, 0), options);
    assert.deepEqual(once(), once());
  });
});
