import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ManualClock, createManualClock } from '../../testing/manual-clock.ts';
import { type Deadline, Deadlines } from './deadlines.ts';

function make(clock: ManualClock) {
  const due: string[] = [];
  const deadlines = new Deadlines<string>({ clock, timeoutMs: 100, onDue: (it) => due.push(it) });
  return { due, deadlines };
}

test('deadlines come for each in its time, with one timer', () => {
  const clock = createManualClock();
  const { due, deadlines } = make(clock);
  deadlines.add('a');
  clock.advance(30);
  const b = deadlines.add('b');
  deadlines.add('c');
  assert.equal(clock.pendingCount, 1);
  deadlines.end(b);
  clock.advance(69);
  assert.deepEqual(due, []);
  clock.advance(1);
  assert.deepEqual(due, ['a']);
  assert.equal(clock.pendingCount, 1);
  clock.advance(30);
  assert.deepEqual(due, ['a', 'c']);
  assert.equal(clock.pendingCount, 0);
});

test('what is due later than the timer is waited for again, until all is ended', () => {
  const clock = createManualClock();
  const { due, deadlines } = make(clock);
  deadlines.end(deadlines.add('a'));
  clock.advance(60);
  deadlines.add('b');
  clock.advance(60);
  assert.equal(clock.nextDueMs, 160);
  assert.deepEqual([...deadlines.endAll()], ['b']);
  assert.equal(clock.pendingCount, 0);
  clock.advance(100);
  assert.deepEqual(due, []);
});

test('what is added when others are due does not make those behind them late', () => {
  const clock = createManualClock();
  const due: string[] = [];
  const deadlines: Deadlines<string> = new Deadlines({
    clock,
    timeoutMs: 100,
    onDue(item) {
      due.push(`${item} at ${clock.nowMs()}`);
      if (item.length === 1) deadlines.add(`${item} again`);
    },
  });
  deadlines.add('a');
  clock.advance(30);
  deadlines.add('b');
  clock.advance(500);
  assert.deepEqual(due, ['a at 100', 'b at 130', 'a again at 200', 'b again at 230']);
  assert.equal(clock.pendingCount, 0);
});

test('each is due in its time, or has ended, however many come and go', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant('add' as const) },
    { weight: 4, arbitrary: fc.nat() },
    { weight: 1, arbitrary: fc.constant('wait' as const) },
  );
  const property = fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), (steps) => {
    const clock = createManualClock();
    const { due, deadlines } = make(clock);
    let open: { readonly name: string; readonly deadline: Deadline<string> }[] = [];
    const expected: string[] = [];
    for (const [place, next] of steps.entries()) {
      if (next === 'add') open.push({ name: `${place}`, deadline: deadlines.add(`${place}`) });
      else if (next === 'wait') {
        clock.advance(7);
        const isDue = ({ deadline }: (typeof open)[number]): boolean =>
          deadline.dueMs <= clock.nowMs();
        expected.push(...open.filter(isDue).map(({ name }) => name));
        open = open.filter((it) => !isDue(it));
      } else if (open.length > 0) {
        const [ended] = open.splice(next % open.length, 1);
        if (ended !== undefined) deadlines.end(ended.deadline);
      }
      assert.deepEqual(due, expected);
    }
    assert.deepEqual(
      [...deadlines.endAll()],
      open.map(({ name }) => name),
    );
  });
  fc.assert(property, { numRuns: 50 });
});
