import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createRandom, nextExponential } from './random.ts';

const count = 20_000;

function mean(next: () => number): number {
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += next();
  return sum / count;
}

describe('createRandom()', () => {
  test('repeats itself for the same seed, and for no other', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.integer(), (a, b) => {
        const [first, again, other] = [createRandom(a), createRandom(a), createRandom(b)];
        const values = Array.from({ length: 4 }, () => first.next());
        assert.deepEqual(
          Array.from({ length: 4 }, () => again.next()),
          values,
        );
        if (a !== b) assert.notEqual(other.next(), values[0]);
      }),
    );
  });

  test('is uniform in [0, 1), for near seeds too', () => {
    for (let seed = 0; seed < 8; seed += 1) {
      const random = createRandom(seed);
      assert.ok(Math.abs(mean(() => random.next()) - 0.5) < 0.01);
      assert.ok(Math.abs(mean(() => random.next() ** 2) - 1 / 3) < 0.01);
    }
    // The first numbers of many seeds are as spread as the numbers of one.
    let seed = 0;
    assert.ok(Math.abs(mean(() => createRandom((seed += 1)).next()) - 0.5) < 0.01);
  });
});

test('nextExponential() has mean 1 and variance 1', () => {
  const random = createRandom(1);
  assert.ok(Math.abs(mean(() => nextExponential(random)) - 1) < 0.03);
  assert.ok(Math.abs(mean(() => (nextExponential(random) - 1) ** 2) - 1) < 0.08);
});
