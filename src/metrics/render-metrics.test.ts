import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../testing/manual-clock.ts';
import { type ModelMetrics, createModelMetrics } from './model-metrics.ts';
import type { ProcessSample } from './process-sample.ts';
import { renderMetrics } from './render-metrics.ts';

const processSample: ProcessSample = {
  cpuSeconds: 1.5,
  residentBytes: 1000,
  hostCpuUtilization: 0.25,
  hostMemoryTotalBytes: 4000,
  hostMemoryUsedBytes: 3000,
  eventLoopLagSeconds: { p50: 0.001, p99: 0.01, max: 0.1 },
};

function modelMetrics(name: string): ModelMetrics {
  return createModelMetrics({ name, version: 1, tags: {}, clock: createManualClock() });
}

function answered(metrics: ModelMetrics): ModelMetrics {
  const timings = { queueMs: 1.5, batchWaitMs: 0, inputMs: 0.25, inferMs: 10, outputMs: 0.5 };
  metrics.observer.queued(2);
  metrics.observer.executed(1, 4, timings);
  metrics.requestStarted();
  metrics.requestDone({ kind: 'executed', durationMs: 12.5, timings, cacheLookupMs: undefined });
  metrics.requestStarted();
  return metrics;
}

test('renderMetrics() writes the counters of each model in microseconds and counts', () => {
  const lines = renderMetrics([answered(modelMetrics('a'))], processSample).split('\n');
  const labels = '{model="a",version="1"}';
  for (const expected of [
    `nv_inference_request_success${labels} 1`,
    'nv_inference_request_failure{model="a",version="1",reason="REJECTED"} 0',
    `nv_inference_count${labels} 4`,
    `nv_inference_exec_count${labels} 1`,
    `nv_inference_pending_request_count${labels} 2`,
    `nv_inference_request_duration_us${labels} 12500`,
    `nv_inference_queue_duration_us${labels} 1500`,
    `nv_inference_compute_input_duration_us${labels} 250`,
    `nv_inference_compute_infer_duration_us${labels} 10000`,
    `nv_inference_compute_output_duration_us${labels} 500`,
    `headway_in_flight_requests${labels} 1`,
    'headway_batch_size_bucket{model="a",version="1",le="4"} 1',
    'headway_batch_size_bucket{model="a",version="1",le="2"} 0',
    'nv_cpu_utilization 0.25',
    'process_cpu_seconds_total 1.5',
    'headway_event_loop_lag_seconds{quantile="0.99"} 0.01',
  ]) {
    assert.ok(lines.includes(expected), `no line ${expected}`);
  }
});

test('renderMetrics() names every metric once, whatever the number of models', () => {
  const text = renderMetrics(['a', 'b'].map(modelMetrics), processSample);
  const names = [...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map((match) => match[1]);
  assert.equal(new Set(names).size, names.length);
  assert.equal(text.match(/^nv_inference_count\{/gm)?.length, 2);
  assert.ok(text.endsWith('\n'));
});

test('renderMetrics() shows cache and load metrics only where there is something to tell', () => {
  const metrics = modelMetrics('a');
  const before = renderMetrics([metrics], processSample);
  assert.doesNotMatch(before, /nv_cache|nv_model_load/);
  metrics.requestStarted();
  metrics.requestDone({ kind: 'cached', durationMs: 1, cacheLookupMs: 0.25 });
  metrics.loaded(1500);
  const after = renderMetrics([metrics], processSample);
  assert.match(after, /^nv_cache_num_hits_per_model\{model="a",version="1"\} 1$/m);
  assert.match(after, /^nv_cache_hit_duration_per_model\{.*\} 250$/m);
  assert.match(after, /^nv_model_load_duration_secs\{.*\} 1.5$/m);
});

test('renderMetrics() without models still tells of the process', () => {
  const text = renderMetrics([], processSample);
  assert.doesNotMatch(text, /nv_inference/);
  assert.match(text, /^process_resident_memory_bytes 1000$/m);
});
