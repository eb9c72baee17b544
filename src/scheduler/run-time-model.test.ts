import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RunTimeModel, createRunTimeModel } from './run-time-model.ts';

function observed(...samples: [batchSize: number, runMs: number][]): RunTimeModel {
  const model = createRunTimeModel();
  for (const [batchSize, runMs] of samples) model.observe(batchSize, runMs, 0);
  return model;
}

test('createRunTimeModel() tells nothing before it has seen enough', () => {
  assert.equal(observed().estimateMs(1), undefined);
  assert.equal(observed([1, 5], [1, 5]).estimateMs(1), undefined);
  assert.equal(observed([1, 5], [1, 5], [1, 5]).estimateMs(1), 5);
});

test('createRunTimeModel() expects the second slowest of the newest runs, so that one slow run leads nothing astray', () => {
  assert.equal(observed([1, 500], [1, 10], [1, 11]).estimateMs(1), 11);
});

test('createRunTimeModel() follows a model that became slower', () => {
  const fast = Array.from({ length: 20 }, (): [number, number] => [1, 10]);
  const slow = Array.from({ length: 2 }, (): [number, number] => [1, 30]);
  assert.equal(observed(...fast, ...slow).estimateMs(1), 30);
});

test('createRunTimeModel() follows a model that became faster', () => {
  const slow = Array.from({ length: 20 }, (): [number, number] => [1, 30]);
  const fast = Array.from({ length: 6 }, (): [number, number] => [1, 10]);
  assert.equal(observed(...slow, ...fast).estimateMs(1), 10);
});

test('createRunTimeModel() draws a straight line for sizes it has not seen', () => {
  const model = observed([1, 12], [1, 12], [4, 18], [4, 18]);
  assert.equal(model.estimateMs(2), 14);
  assert.equal(model.estimateMs(8), 26);
});

test('createRunTimeModel() takes one size as good for all while it knows no other', () => {
  const model = observed([4, 8], [4, 8], [4, 8]);
  assert.equal(model.estimateMs(1), 8);
  assert.equal(model.estimateMs(16), 8);
});

test('createRunTimeModel() never expects less than nothing, nor less of a larger batch', () => {
  const anySamples = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 1000 })),
    { minLength: 3, maxLength: 400 },
  );
  fc.assert(
    fc.property(anySamples, (samples) => {
      const model = observed(...samples);
      const unseen = [1000, 2000].map((size) => model.estimateMs(size) ?? NaN);
      assert.ok(unseen[0]! >= 0 && unseen[1]! >= unseen[0]!);
    }),
  );
});

test('createRunTimeModel() learns from a terminated run only what it did not know', () => {
  const model = observed([1, 10], [1, 10], [1, 10]);
  model.observeTerminated(1, 5, 0);
  assert.equal(model.estimateMs(1), 10);
  model.observeTerminated(1, 20, 0);
  model.observeTerminated(1, 20, 0);
  assert.equal(model.estimateMs(1), 20);
});

test('createRunTimeModel() has a fresh estimate only for a second after the last run', () => {
  const model = observed([1, 5], [1, 5], [1, 5]);
  assert.equal(model.freshEstimateMs(1, 1000), 5);
  assert.equal(model.freshEstimateMs(1, 1001), undefined);
  assert.equal(model.estimateMs(1), 5);
});

test('createRunTimeModel() finds the batch size beyond which items are not answered faster', () => {
  const often = (batchSize: number, runMs: number): [number, number][] =>
    Array.from({ length: 3 }, () => [batchSize, runMs]);
  const useful = (...samples: [number, number][]): number | undefined =>
    observed(...samples).usefulBatchSize(0);
  assert.equal(useful(), undefined);
  assert.equal(useful(...often(1, 30)), undefined, 'nothing to compare');
  assert.equal(useful(...often(1, 30), [8, 250]), undefined, 'too little to compare');
  assert.equal(useful(...often(1, 30), ...often(8, 250)), 1, 'larger batches are no faster');
  assert.equal(useful(...often(1, 30), ...often(8, 232)), 1, 'a gain too small to wait for');
  assert.equal(useful(...often(1, 30), ...often(8, 120)), undefined, 'larger is better so far');
  assert.equal(useful(...often(1, 30), ...often(4, 60), ...often(8, 150)), 4);
});

test('createRunTimeModel() tries larger batches again, each time after a longer while', () => {
  const model = createRunTimeModel();
  const observe = (sizes: readonly number[]): void => {
    for (const size of sizes) model.observe(size, 30 * size, 0);
  };
  let nowMs = 0;
  observe([1, 1, 1, 8, 8, 8]);
  for (const trustMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    assert.equal(model.usefulBatchSize(nowMs), 1);
    nowMs += trustMs;
    assert.equal(model.usefulBatchSize(nowMs - 1), 1, `not after ${trustMs - 1} ms`);
    assert.equal(model.usefulBatchSize(nowMs), undefined, `after ${trustMs} ms`);
    observe([8, 8]);
    nowMs += 100_000;
    assert.equal(model.usefulBatchSize(nowMs), undefined, 'however long a trial takes');
    observe([8]);
  }
});

test('createRunTimeModel() does not hold cold runs against a batch size once it is tried again', () => {
  const model = createRunTimeModel();
  for (const [size, runMs] of [
    [1, 1],
    [8, 20],
  ] as const) {
    for (let sample = 0; sample < 7; sample += 1) model.observe(size, runMs, 0);
  }
  assert.equal(model.usefulBatchSize(0), 1);
  assert.equal(model.usefulBatchSize(1000), undefined);
  for (let sample = 0; sample < 3; sample += 1) model.observe(8, 1, 1000);
  assert.equal(model.usefulBatchSize(1000), undefined);
  for (let sample = 0; sample < 3; sample += 1) model.observe(8, 20, 1000);
  assert.equal(model.usefulBatchSize(1000), 1, 'slow again');
  assert.equal(model.usefulBatchSize(2000), undefined, 'and believed for as long as at first');
});

test('createRunTimeModel() keeps its estimates while larger batches are tried', () => {
  const model = createRunTimeModel();
  for (let sample = 0; sample < 7; sample += 1) {
    for (const size of [1, 8]) model.observe(size, 10 * size, 0);
  }
  assert.equal(model.usefulBatchSize(0), 1);
  assert.equal(model.usefulBatchSize(1000), undefined);
  model.observe(8, 300, 1000);
  assert.equal(model.estimateMs(8), 80);
});
