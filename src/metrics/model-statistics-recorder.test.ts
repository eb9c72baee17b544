import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createModelStatisticsRecorder } from './model-statistics-recorder.ts';

test('createModelStatisticsRecorder() starts with nothing', () => {
  const none = { count: 0, totalMs: 0 };
  assert.deepEqual(createModelStatisticsRecorder({ name: 'm', version: 3 }).snapshot(), {
    name: 'm',
    version: 3,
    lastInferenceEpochMs: 0,
    inferenceCount: 0,
    executionCount: 0,
    success: none,
    fail: none,
    queue: none,
    computeInput: none,
    computeInfer: none,
    computeOutput: none,
    cacheHit: none,
    cacheMiss: none,
    batches: [],
  });
});

test('createModelStatisticsRecorder() counts executions by batch size, in ascending order', () => {
  const recorder = createModelStatisticsRecorder({ name: 'm', version: 1 });
  recorder.executed(4, { inputMs: 1, inferMs: 10, outputMs: 2 }, 1000);
  recorder.executed(2, { inputMs: 1, inferMs: 6, outputMs: 1 }, 1001);
  recorder.executed(4, { inputMs: 1, inferMs: 12, outputMs: 2 }, 1002);
  const { inferenceCount, executionCount, lastInferenceEpochMs, batches } = recorder.snapshot();
  assert.deepEqual([inferenceCount, executionCount, lastInferenceEpochMs], [10, 3, 1002]);
  assert.deepEqual(batches, [
    {
      batchSize: 2,
      computeInput: { count: 1, totalMs: 1 },
      computeInfer: { count: 1, totalMs: 6 },
      computeOutput: { count: 1, totalMs: 1 },
    },
    {
      batchSize: 4,
      computeInput: { count: 2, totalMs: 2 },
      computeInfer: { count: 2, totalMs: 22 },
      computeOutput: { count: 2, totalMs: 4 },
    },
  ]);
});

test('createModelStatisticsRecorder() gives snapshots that stay as they are', () => {
  const recorder = createModelStatisticsRecorder({ name: 'm', version: 1 });
  recorder.succeeded(5);
  recorder.executed(1, { inputMs: 1, inferMs: 1, outputMs: 1 }, 1);
  const before = recorder.snapshot();
  recorder.succeeded(5);
  recorder.executed(1, { inputMs: 1, inferMs: 1, outputMs: 1 }, 2);
  assert.equal(before.success.count, 1);
  assert.equal(before.batches[0]?.computeInfer.count, 1);
});
