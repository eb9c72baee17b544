import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from './manual-clock.ts';

test('createManualClock() runs calls in order of due time, then of scheduling', () => {
  const clock = createManualClock();
  const seen: string[] = [];
  clock.schedule(20, () => seen.push(`late at ${clock.nowMs()}`));
  clock.schedule(10, () => seen.push(`early at ${clock.nowMs()}`));
  clock.schedule(10, () => seen.push(`early too at ${clock.nowMs()}`));
  clock.advance(30);
  assert.deepEqual(seen, ['early at 10', 'early too at 10', 'late at 20']);
  assert.equal(clock.nowMs(), 30);
});

test('createManualClock() runs a call scheduled by another when it falls in the same advance', () => {
  const clock = createManualClock();
  const seen: number[] = [];
  clock.schedule(5, () => clock.schedule(5, () => seen.push(clock.nowMs())));
  clock.advance(10);
  assert.deepEqual(seen, [10]);
});

test('createManualClock() forgets a cancelled call and tells the next one', () => {
  const clock = createManualClock();
  const cancel = clock.schedule(5, () => assert.fail('was cancelled'));
  clock.schedule(8, () => {});
  assert.equal(clock.nextDueMs, 5);
  cancel();
  cancel();
  assert.equal(clock.nextDueMs, 8);
  assert.equal(clock.pendingCount, 1);
  clock.advance(8);
  assert.equal(clock.nextDueMs, undefined);
});

test('createManualClock() moves the epoch with it', () => {
  const clock = createManualClock(1000);
  clock.advance(1.5);
  assert.equal(clock.epochMs(), 1001.5);
});

test('createManualClock() refuses to go back', () => {
  assert.throws(() => createManualClock().advance(-1), RangeError);
});
