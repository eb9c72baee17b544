import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../testing/manual-clock.ts';
import { createAlarm } from './alarm.ts';

test('createAlarm() rings once, at the earliest moment asked for', () => {
  const clock = createManualClock();
  const rings: number[] = [];
  const alarm = createAlarm(clock, () => rings.push(clock.nowMs()));
  alarm.ringBy(20);
  alarm.ringBy(10);
  alarm.ringBy(30);
  alarm.ringBy(Infinity);
  assert.equal(clock.pendingCount, 1);
  clock.advance(50);
  assert.deepEqual(rings, [10]);
  alarm.ringBy(60);
  clock.advance(10);
  assert.deepEqual(rings, [10, 60]);
});

test('createAlarm() rings on the way to a moment beyond what a timer can sleep', () => {
  const clock = createManualClock();
  const alarm = createAlarm(clock, () => {});
  alarm.ringBy(1e15);
  assert.ok((clock.nextDueMs ?? Infinity) < 2 ** 31);
});
