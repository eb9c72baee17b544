import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeTimings } from '../../testing/fake-server.ts';
import { formatServerTiming } from './server-timing.ts';

test('formatServerTiming() lists the stages in milliseconds', () => {
  const times = { startMs: 10, receivedMs: 10.5, endMs: 15 };
  assert.equal(
    formatServerTiming(fakeTimings, times),
    'read;dur=0.500, queue;dur=1.000, batch;dur=0.500, input;dur=0.250, execute;dur=2.000, output;dur=0.125, total;dur=5.000',
  );
  assert.match(
    formatServerTiming({ ...fakeTimings, cacheHit: true }, times),
    /, cache;desc="hit"$/,
  );
});
