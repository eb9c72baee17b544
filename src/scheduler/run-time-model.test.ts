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
