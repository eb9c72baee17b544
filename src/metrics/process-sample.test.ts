import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProcessSampler } from './process-sample.ts';

test('createProcessSampler() takes the resolution out of the delays and starts over each time', () => {
  let resetCount = 0;
  const sample = createProcessSampler(
    {
      count: 5,
      max: 30e6,
      percentile: (percentile) => (percentile === 50 ? 9e6 : 15e6),
      reset: () => void (resetCount += 1),
    },
    10,
  );
  assert.deepEqual(sample().eventLoopLagSeconds, { p50: 0, p99: 0.005, max: 0.02 });
  assert.equal(resetCount, 1);
});

test('createProcessSampler() reads a plausible process and host', () => {
  const silent = { count: 0, max: 0, percentile: () => NaN, reset: () => {} };
  const sample = createProcessSampler(silent, 10)();
  assert.deepEqual(sample.eventLoopLagSeconds, { p50: 0, p99: 0, max: 0 });
  assert.ok(sample.cpuSeconds > 0 && sample.residentBytes > 0);
  assert.ok(sample.hostCpuUtilization >= 0 && sample.hostCpuUtilization <= 1);
  assert.ok(sample.hostMemoryUsedBytes > 0);
  assert.ok(sample.hostMemoryUsedBytes <= sample.hostMemoryTotalBytes);
});
