import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUsefulBatchSize } from './useful-batch-size.ts';

type Sample = readonly [batchSize: number, runMs: number];

const often = (batchSize: number, runMs: number): Sample[] =>
  Array.from({ length: 3 }, () => [batchSize, runMs] as const);

test('createUsefulBatchSize() finds the batch size beyond which items are not answered faster', () => {
  const useful = (...samples: readonly Sample[]): number | undefined => {
    const found = createUsefulBatchSize();
    for (const [batchSize, runMs] of samples) found.observe(batchSize, runMs);
    return found.at(0);
  };
  assert.equal(useful(), undefined);
  assert.equal(useful(...often(1, 30)), undefined, 'nothing to compare');
  assert.equal(useful(...often(1, 30), [8, 250]), undefined, 'too little to compare');
  assert.equal(useful(...often(1, 30), ...often(8, 250)), 1, 'larger batches are no faster');
  assert.equal(useful(...often(1, 30), ...often(8, 232)), 1, 'a gain too small to wait for');
  assert.equal(useful(...often(1, 30), ...often(8, 120)), undefined, 'larger is better so far');
  assert.equal(useful(...often(1, 30), ...often(4, 60), ...often(8, 150)), 4);
  assert.equal(
    useful(...often(1, 30), [8, 400], [8, 120], [8, 300]),
    undefined,
    'the fastest counts',
  );
});

for (const usefulSize of [1, 2, 4]) {
  test(`createUsefulBatchSize() tries larger batches than ${usefulSize} again, each time later`, () => {
    const useful = createUsefulBatchSize();
    const observe = (sizes: readonly number[]): void => {
      for (const size of sizes) useful.observe(size, 30 * Math.max(1, size / usefulSize));
    };
    let nowMs = 0;
    observe([1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8]);
    for (const trustMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      assert.equal(useful.at(nowMs), usefulSize);
      nowMs += trustMs;
      assert.equal(useful.at(nowMs - 1), usefulSize, `not after ${trustMs - 1} ms`);
      assert.equal(useful.at(nowMs), undefined, `after ${trustMs} ms`);
      observe([8, 8, usefulSize]);
      nowMs += 100_000;
      assert.equal(useful.at(nowMs), undefined, 'however long a trial takes');
      observe([8]);
    }
  });
}

test('createUsefulBatchSize() does not hold cold runs against a batch size once it is tried again', () => {
  const useful = createUsefulBatchSize();
  for (const [batchSize, runMs] of [...often(1, 1), ...often(8, 20)]) {
    useful.observe(batchSize, runMs);
  }
  assert.equal(useful.at(0), 1);
  assert.equal(useful.at(1000), undefined);
  for (const [batchSize, runMs] of often(8, 1)) useful.observe(batchSize, runMs);
  assert.equal(useful.at(1000), undefined);
  for (const [batchSize, runMs] of often(8, 20)) useful.observe(batchSize, runMs);
  assert.equal(useful.at(1000), 1, 'slow again');
  assert.equal(useful.at(2000), undefined, 'and believed for as long as at first');
});

test('createUsefulBatchSize() compares a bounded number of sizes', () => {
  const useful = createUsefulBatchSize();
  for (const [batchSize, runMs] of often(1, 1)) useful.observe(batchSize, runMs);
  for (let size = 2; size <= 100; size += 1) {
    for (const [batchSize, runMs] of often(size, 10 * size)) useful.observe(batchSize, runMs);
  }
  assert.equal(useful.at(0), 37, 'the first ones are forgotten');
});
