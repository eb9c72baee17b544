import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../core/statistics/random.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { compareInPairs, compareLoads } from './compare-loads.ts';

const count = 600;

/** A run whose latencies, in milliseconds, are drawn from a seed. */
function run(seed: number, addedMs = 0): LoadRun {
  const random = createRandom(seed);
  const intendedMs = Float64Array.from({ length: count }, (_, row) => row * 10);
  const endMs = intendedMs.map((time) => time + 10 + addedMs + 5 * random.next());
  return {
    loop: 'open',
    warmupMs: 1000,
    durationMs: 5000,
    startedAtUnixMs: 0,
    reasons: new Map(),
    samples: {
      count,
      intendedMs,
      sentMs: intendedMs,
      firstByteMs: endMs,
      endMs,
      outcome: new Uint8Array(count),
      queueMs: new Float32Array(count),
      computeMs: new Float32Array(count),
    },
  };
}

test('compareLoads() leaves the warm-up out and finds what was added to every latency', () => {
  const { counts, latencyMs } = compareLoads('x', run(1), run(2, 3));
  assert.deepEqual(counts.slice(0, 4), [
    { name: 'requests', a: 500, b: 500 },
    { name: 'offered/s', a: 100, b: 100 },
    { name: 'answered well/s', a: 100, b: 100 },
    { name: 'not answered well', a: 0, b: 0 },
  ]);
  for (const { quantile, low, high } of latencyMs) {
    assert.ok(low > 2 && low <= 3.3 && high >= 2.7 && high < 4, `${quantile}: ${low} to ${high}`);
  }
});

test('compareLoads() seldom finds a difference where there is none', () => {
  const found = Array.from({ length: 20 }, (_, index) => {
    const { latencyMs } = compareLoads('x', run(2 * index + 1), run(2 * index + 2));
    const median = latencyMs.find(({ quantile }) => quantile === 0.5)!;
    return median.low > 0 || median.high < 0;
  });
  assert.ok(found.filter(Boolean).length <= 4);
});

test('compareLoads() tells nothing of latencies that one side has not', () => {
  const failed = run(1);
  failed.samples.outcome.fill(2);
  assert.deepEqual(compareLoads('x', failed, run(2)).latencyMs, []);
});

test('compareInPairs() takes the mean over runs, and none of one', () => {
  const pairs = [1, 2, 3].map((seed) => compareLoads(`${seed}`, run(seed), run(seed, seed)));
  assert.deepEqual(compareInPairs(pairs.slice(0, 1)), []);
  const median = compareInPairs(pairs).find(({ quantile }) => quantile === 0.5)!;
  assert.ok(Math.abs(median.difference - 2) < 1e-9);
  // Student's for two degrees of freedom: 4.303 times the error of 1, 2, 3.
  assert.ok(Math.abs(median.low - (2 - 4.3027 / Math.sqrt(3))) < 1e-3);
});
