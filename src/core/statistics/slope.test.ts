import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from './random.ts';
import { testSlope } from './slope.ts';

/** How often a rise is found at 5 % in series where each value keeps a part of the one before. */
function foundShare(kept: number, rise: number): number {
  const random = createRandom(3);
  let found = 0;
  for (let trial = 0; trial < 1_000; trial += 1) {
    let value = 0;
    const values = Array.from({ length: 20 }, (_, step) => {
      value = kept * value + random.next() + random.next() - 1;
      return value + rise * step;
    });
    if ((testSlope([values])?.chance ?? 1) < 0.05) found += 1;
  }
  return found / 1_000;
}

describe('testSlope()', () => {
  test('seldom finds a rise where there is none', () => {
    assert.ok(foundShare(0, 0) < 0.08, `${foundShare(0, 0)}`);
    assert.ok(foundShare(0.5, 0) < 0.15, `${foundShare(0.5, 0)}`);
  });

  test('finds a rise', () => {
    assert.ok(foundShare(0, 0.2) > 0.95);
    assert.deepEqual(testSlope([[0, 2, 4, 6, 8, 10]]), { perStep: 2, chance: 0 });
    assert.equal(testSlope([[10, 8, 6, 4, 2, 0]])?.chance, 1);
  });

  test('finds a rise that series from levels of their own have in common', () => {
    const series = [
      [10, 12, 14],
      [3, 5, Number.NaN, 9],
      [40, 42],
    ];
    const slope = testSlope(series);
    assert.ok(Math.abs((slope?.perStep ?? 0) - 2) < 1e-9 && slope?.chance === 0);
    // Levels alone are no rise.
    const levels = [0, 5, 10, 15].map((level) => [level, level + 1, level, level + 1, level]);
    assert.ok((testSlope(levels)?.chance ?? 0) > 0.3);
  });

  test('seldom finds a rise in many short series without one', () => {
    const random = createRandom(9);
    let found = 0;
    for (let trial = 0; trial < 1_000; trial += 1) {
      const series = [2, 2, 2, 6, 6, 6, 6, 6, 6, 6].map((length) => {
        const level = 10 * random.next();
        return Array.from({ length }, () => level + random.next() + random.next());
      });
      if ((testSlope(series)?.chance ?? 1) < 0.05) found += 1;
    }
    assert.ok(found < 80, `${found}`);
  });

  test('says nothing of few values or equal ones', () => {
    assert.equal(testSlope([[1, 2, 3, 4, 5]]), undefined);
    assert.equal(testSlope([[4, 4, 4, 4, 4, 4]]), undefined);
  });
});
