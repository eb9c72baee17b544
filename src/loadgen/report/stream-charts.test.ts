import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRun } from '../../testing/load-run.ts';
import { streamCharts } from './stream-charts.ts';

test('streamCharts() charts the first token and the gaps of streamed answers, with their limits', () => {
  const run = loadRun(
    Array.from({ length: 50 }, (_, row) => ({
      intendedMs: row * 100,
      endMs: row * 100 + 90,
      chunkMs: [50, 60, 75, 90].map((after) => row * 100 + after),
    })),
  );
  const charts = streamCharts(run, {
    latency: [
      { metric: 'ttft', quantile: 0.95, limitMs: 500 },
      { metric: 'itl', quantile: 0.99, limitMs: 60 },
    ],
  });
  assert.deepEqual(
    charts.map(({ title }) => title),
    [
      'Time to first token',
      'Distribution of the time to first token',
      'Time between tokens',
      'Distribution of the time between tokens',
    ],
  );
  assert.deepEqual(charts[0]?.marks, [{ name: 'limit of p95', y: 500 }]);
  assert.deepEqual(charts[0]?.series[0]?.y.slice(0, 1), [50]);
  assert.deepEqual(charts[2]?.marks, [{ name: 'limit of p99', y: 60 }]);
  assert.equal(charts[2]?.series[0]?.y.at(-1), 15);
});

test('streamCharts() has nothing to say of answers that were not streamed', () => {
  assert.deepEqual(streamCharts(loadRun([{ intendedMs: 0, endMs: 5 }])), []);
});
