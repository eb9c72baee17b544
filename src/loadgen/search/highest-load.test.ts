import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type HighestLoadSearch, type JudgedLoad, planHighestLoad } from './highest-load.ts';

const search: HighestLoadSearch = {
  startLoad: 100,
  minLoad: 1,
  maxLoad: 100_000,
  precision: 0.05,
  isWhole: false,
};

/** Runs the search against a server that holds up to `capacity`. */
function searchAgainst(capacity: number, options: Partial<HighestLoadSearch> = {}) {
  const measured: JudgedLoad[] = [];
  for (;;) {
    const step = planHighestLoad(measured, { ...search, ...options });
    if (step.kind === 'found') return { ...step, measured };
    assert.ok(!measured.some(({ load }) => load === step.load), `${step.load} is measured twice`);
    measured.push({ load: step.load, isWithin: step.load <= capacity });
  }
}

describe('planHighestLoad()', () => {
  test('ends with the capacity between two loads that are close', () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 90_000, noNaN: true }), (capacity) => {
        const { within, beyond, measured } = searchAgainst(capacity);
        assert.ok(within !== undefined && beyond !== undefined);
        assert.ok(within <= capacity && capacity < beyond);
        assert.ok(beyond <= within * 1.051, `${within} … ${beyond}`);
        assert.ok(measured.length <= 20);
      }),
    );
  });

  test('finds a concurrency to the very number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), (capacity) => {
        const options = { isWhole: true, startLoad: 1, maxLoad: 1_000, precision: 0 };
        const { within, beyond } = searchAgainst(capacity, options);
        assert.deepEqual([within, beyond], [capacity, capacity + 1]);
      }),
    );
  });

  test('stays inside the loads that are possible', () => {
    assert.deepEqual(searchAgainst(1e9, { maxLoad: 500 }).within, 500);
    const { within, beyond } = searchAgainst(0.5);
    assert.deepEqual([within, beyond], [undefined, 1]);
  });

  test('believes the lower of two results that contradict each other', () => {
    const measured = [
      { load: 100, isWithin: true },
      { load: 104, isWithin: false },
      { load: 200, isWithin: true },
    ];
    assert.deepEqual(planHighestLoad(measured, search), {
      kind: 'found',
      within: 100,
      beyond: 104,
    });
  });
});
