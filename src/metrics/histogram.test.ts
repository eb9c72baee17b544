import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchSizeEdges, createHistogram, durationEdgesSeconds } from './histogram.ts';

test('createHistogram() counts a value in the first bucket whose edge it does not exceed', () => {
  const histogram = createHistogram([1, 2, 4]);
  for (const value of [0, 1, 1.5, 2, 4, 4.1, Infinity]) histogram.observe(value);
  assert.deepEqual(histogram.bucketCounts, [2, 2, 1, 2]);
});

test('createHistogram() agrees with counting by hand', () => {
  const anyEdges = fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 1 });
  fc.assert(
    fc.property(anyEdges, fc.array(fc.integer({ min: -30, max: 30 })), (unsorted, values) => {
      const edges = unsorted.toSorted((a, b) => a - b);
      const histogram = createHistogram(edges);
      for (const value of values) histogram.observe(value);
      const expected = [...edges, Infinity].map((edge, index) => {
        const below = edges[index - 1] ?? -Infinity;
        return values.filter((value) => value > below && value <= edge).length;
      });
      assert.deepEqual(histogram.bucketCounts, expected);
      assert.equal(histogram.count, values.length);
      assert.equal(
        histogram.sum,
        values.reduce((sum, value) => sum + value, 0),
      );
    }),
  );
});

test('createHistogram() refuses edges that do not ascend', () => {
  assert.throws(() => createHistogram([1, 1]), RangeError);
  assert.throws(() => createHistogram([2, 1]), RangeError);
  assert.throws(() => createHistogram([NaN]), RangeError);
  assert.doesNotThrow(() => createHistogram(durationEdgesSeconds));
  assert.doesNotThrow(() => createHistogram(batchSizeEdges));
});
