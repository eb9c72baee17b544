import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Roster, type RosterEntry } from './roster.ts';

const steps = fc.array(fc.oneof(fc.constant('enter' as const), fc.nat({ max: 20 })), {
  maxLength: 60,
});

test('holds who entered and has not left, whatever the order', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const roster = new Roster<number>();
      const expected = new Set<number>();
      const entries: RosterEntry<number>[] = [];
      for (const step of taken) {
        if (step === 'enter') {
          expected.add(entries.length);
          entries.push(roster.enter(entries.length));
        } else {
          const entry = entries[step];
          if (entry === undefined) continue;
          roster.leave(entry);
          expected.delete(step);
        }
      }
      assert.equal(roster.size, expected.size);
      assert.deepEqual(
        [...roster].toSorted((a, b) => a - b),
        [...expected],
      );
    }),
  );
});

test('goes round all that stay while some leave', () => {
  fc.assert(
    fc.property(fc.nat({ max: 12 }), fc.func(fc.nat({ max: 12 })), (count, choose) => {
      const roster = new Roster<number>();
      const entries = Array.from({ length: count }, (_, index) => roster.enter(index));
      const met = new Set<number>();
      for (const member of roster) {
        met.add(member);
        const leaving = entries[choose(member)];
        if (leaving !== undefined) roster.leave(leaving);
      }
      for (const member of roster) assert.ok(met.has(member));
    }),
  );
});
