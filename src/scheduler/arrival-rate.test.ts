import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createArrivalRate } from './arrival-rate.ts';

function rateAfter(itemsPerMs: number, durationMs: number): number {
  const rate = createArrivalRate();
  for (let nowMs = 1000; nowMs < 1000 + durationMs; nowMs += 1) rate.observe(itemsPerMs, nowMs);
  return rate.perMs(1000 + durationMs);
}

test('createArrivalRate() comes to the rate of a steady stream', () => {
  assert.ok(Math.abs(rateAfter(4, 3000) - 4) < 0.04);
});

test('createArrivalRate() forgets what has stopped coming', () => {
  const rate = createArrivalRate();
  assert.equal(rate.perMs(5), 0);
  rate.observe(1000, 10);
  assert.ok(rate.perMs(10) > 1);
  assert.ok(rate.perMs(3000) < 0.001);
});
