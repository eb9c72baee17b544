import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../../../testing/manual-clock.ts';
import { createTimeLimit } from './time-limit.ts';

function start() {
  const clock = createManualClock();
  const caller = new AbortController();
  const limit = createTimeLimit({ clock, idleMs: 100, totalMs: 250, signal: caller.signal });
  return { clock, caller, limit };
}

test('createTimeLimit() aborts when nothing moves for the idle time', () => {
  const { clock, limit } = start();
  clock.advance(90);
  limit.touch();
  clock.advance(99);
  assert.equal(limit.signal.aborted, false);
  clock.advance(1);
  assert.equal(limit.signal.reason.code, 'deadline_exceeded');
  assert.match(limit.signal.reason.message, /Nothing arrived for 0\.1 s/);
});

test('createTimeLimit() aborts at the total time however much moves', () => {
  const { clock, limit } = start();
  for (let index = 0; index < 4; index += 1) {
    clock.advance(60);
    limit.touch();
  }
  assert.equal(limit.signal.aborted, false);
  clock.advance(10);
  assert.match(limit.signal.reason.message, /Not finished after 0\.25 s/);
});

test("createTimeLimit() passes the caller's own reason on", () => {
  const { caller, limit } = start();
  caller.abort(new Error('enough'));
  assert.equal(limit.signal.reason.message, 'enough');
});

test('createTimeLimit() leaves no timer when disposed', () => {
  const { clock, limit } = start();
  limit[Symbol.dispose]();
  assert.equal(clock.pendingCount, 0);
});
