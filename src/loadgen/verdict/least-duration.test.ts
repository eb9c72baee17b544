import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import { shareUpperBound } from '../../core/statistics/binomial.ts';
import { leastDurationMs } from './least-duration.ts';

test('leastDurationMs() is the time of as many requests as the last look wants', () => {
  assert.equal(leastDurationMs(parseSlo('rate=100,p99=1ms'), 0.95), 3_800);
  assert.ok(shareUpperBound(0, 380, 0.05 * 0.44) < 0.01);
  assert.ok(shareUpperBound(0, 379, 0.05 * 0.44) > 0.01);
});

test('leastDurationMs() is that of the clause that wants most', () => {
  assert.equal(leastDurationMs(parseSlo('rate=100,p50=1ms,p99=1ms'), 0.95), 3_800);
  const gaps = leastDurationMs(parseSlo('rate=100,itl.p99=1ms'), 0.95);
  assert.ok(shareUpperBound(0, gaps / 10, 0.05 * 0.22) < 0.01);
});
