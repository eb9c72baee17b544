import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { argmax, topK } from './top-k.ts';

test('topK() ranks like a stable sort in falling order', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double()), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(values, fc.nat({ max: 70 }), (row, k) => {
      const rank = (value: number): number => (Number.isNaN(value) ? -Infinity : value);
      const sorted = row
        .map((value, index) => ({ index, value }))
        .toSorted((a, b) => {
          if (Number.isNaN(a.value) !== Number.isNaN(b.value))
            return Number.isNaN(a.value) ? 1 : -1;
          return rank(a.value) === rank(b.value)
            ? a.index - b.index
            : rank(b.value) > rank(a.value)
              ? 1
              : -1;
        });
      assert.deepEqual(topK(row, k), sorted.slice(0, k));
    }),
    { numRuns: 500 },
  );
});

test('topK() puts the lower index first among equal values', () => {
  assert.deepEqual(
    topK([1, 2, 2, 2, 0], 2).map((entry) => entry.index),
    [1, 2],
  );
});

test('topK() refuses a k that is no count', () => {
  assert.throws(() => topK([1], -1), RangeError);
  assert.throws(() => topK([1], 1.5), RangeError);
});

test('argmax() agrees with topK()', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (row) => {
      assert.equal(argmax(row), topK(row, 1)[0]?.index);
    }),
  );
});

test('argmax() answers -1 when there is nothing to choose', () => {
  assert.equal(argmax([]), -1);
  assert.equal(argmax([Number.NaN]), -1);
});
