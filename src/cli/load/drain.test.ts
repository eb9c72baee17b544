import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import { drainMsFor } from './drain.ts';

test('waits for answers that could still be good, and no longer than for any answer', () => {
  assert.equal(drainMsFor(parseSlo('p50=50ms,p99=10s'), 30_000), 15_000);
  assert.equal(drainMsFor(parseSlo('p99=1m'), 30_000), 30_000);
  assert.equal(drainMsFor(parseSlo('p99=1s,ttft.p99=100ms'), 30_000), 30_000);
  assert.equal(drainMsFor(parseSlo('itl.p99=60ms'), 30_000), 30_000);
});
