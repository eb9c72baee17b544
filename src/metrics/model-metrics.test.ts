import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '../core/error.ts';
import { createManualClock } from '../testing/manual-clock.ts';
import { type ModelMetrics, createModelMetrics } from './model-metrics.ts';

function modelMetrics(tags: Record<string, string> = {}): ModelMetrics {
  return createModelMetrics({ name: 'm', version: 2, tags, clock: createManualClock(5000) });
}

const timings = { queueMs: 4, batchWaitMs: 3, inputMs: 1, inferMs: 10, outputMs: 2 };

test('createModelMetrics() adds up a request that was executed', () => {
  const metrics = modelMetrics();
  metrics.requestStarted();
  assert.equal(metrics.readings.inFlightCount, 1);
  metrics.observer.executed(1, 1, timings);
  metrics.requestDone({ kind: 'executed', durationMs: 20, timings, cacheLookupMs: 0.5 });
  const statistics = metrics.statistics();
  assert.equal(metrics.readings.inFlightCount, 0);
  assert.deepEqual(statistics.success, { count: 1, totalMs: 20 });
  assert.deepEqual(statistics.queue, { count: 1, totalMs: 4 });
  assert.deepEqual(statistics.computeInfer, { count: 1, totalMs: 10 });
  assert.deepEqual(statistics.cacheMiss, { count: 1, totalMs: 0.5 });
  assert.deepEqual([statistics.inferenceCount, statistics.lastInferenceEpochMs], [1, 5000]);
  const { request, queue, batchWait, execute, batchSize } = metrics.histograms;
  const sums = [request, queue, batchWait, execute, batchSize].map(({ sum }) => sum);
  assert.deepEqual(sums, [0.02, 0.004, 0.003, 0.013, 1]);
});

test('createModelMetrics() counts a cached answer as a success without stages', () => {
  const metrics = modelMetrics();
  metrics.requestStarted();
  metrics.requestDone({ kind: 'cached', durationMs: 1, cacheLookupMs: 0.25 });
  const { success, cacheHit, queue, inferenceCount } = metrics.statistics();
  assert.deepEqual(success, { count: 1, totalMs: 1 });
  assert.deepEqual(cacheHit, { count: 1, totalMs: 0.25 });
  assert.deepEqual([queue.count, inferenceCount], [0, 0]);
});

test("createModelMetrics() gives every error code one of Triton's reasons", () => {
  const metrics = modelMetrics();
  for (const code of errorCodes) {
    metrics.requestStarted();
    metrics.requestDone({ kind: 'failed', durationMs: 1, code });
  }
  assert.deepEqual(metrics.statistics().fail, { count: 16, totalMs: 16 });
  assert.deepEqual(metrics.failures, { REJECTED: 2, CANCELED: 1, BACKEND: 4, OTHER: 9 });
  assert.equal(metrics.readings.inFlightCount, 0);
});

test('createModelMetrics() counts rejections by reason, and every way to miss a deadline', () => {
  const metrics = modelMetrics();
  metrics.observer.rejected('queue_full');
  metrics.observer.rejected('would_miss_deadline');
  metrics.requestStarted();
  metrics.requestDone({ kind: 'failed', durationMs: 1, code: 'deadline_exceeded' });
  assert.equal(metrics.rejections.queue_full, 1);
  assert.equal(metrics.rejections.would_miss_deadline, 1);
  assert.equal(metrics.readings.deadlineMissCount, 2);
});

test('createModelMetrics() turns metric tags into labels', () => {
  const { labels } = modelMetrics({ team: 'ocr', 'cost-centre': '7' });
  assert.deepEqual(
    [...labels],
    [
      ['model', 'm'],
      ['version', '2'],
      ['_team', 'ocr'],
      ['_cost_centre', '7'],
    ],
  );
});
