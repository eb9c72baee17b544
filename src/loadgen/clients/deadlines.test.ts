import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../../testing/manual-clock.ts';
import { Deadlines } from './deadlines.ts';

test('deadlines come for each in its time, with one timer', () => {
  const clock = createManualClock();
  const due: string[] = [];
  const deadlines = new Deadlines<string>({ clock, timeoutMs: 100, onDue: (it) => due.push(it) });
  deadlines.add('a');
  clock.advance(30);
  deadlines.add('b');
  deadlines.add('c');
  assert.equal(clock.pendingCount, 1);
  assert.equal(deadlines.delete('b'), true);
  clock.advance(69);
  assert.deepEqual(due, []);
  clock.advance(1);
  assert.deepEqual(due, ['a']);
  assert.equal(clock.pendingCount, 1);
  clock.advance(30);
  assert.deepEqual(due, ['a', 'c']);
  assert.equal(clock.pendingCount, 0);
  assert.equal(deadlines.delete('a'), false);
});

test('what is due later than the timer is waited for again, until all is stopped', () => {
  const clock = createManualClock();
  const due: string[] = [];
  const deadlines = new Deadlines<string>({ clock, timeoutMs: 100, onDue: (it) => due.push(it) });
  deadlines.add('a');
  deadlines.delete('a');
  clock.advance(60);
  deadlines.add('b');
  clock.advance(60);
  assert.equal(clock.nextDueMs, 160);
  deadlines.stop();
  clock.advance(100);
  assert.deepEqual(due, []);
  assert.deepEqual([...deadlines], ['b']);
});
