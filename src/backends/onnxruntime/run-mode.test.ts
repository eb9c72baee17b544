import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RunMode, type RunModes, type RunShape, createRunModes } from './run-mode.ts';

const handoffMs = 0.05;

const rows = (rowCount: number, rowKey = 'a'): RunShape => ({
  key: `${rowCount} ${rowKey}`,
  rowKey,
  rowCount,
});

/** Chooses and observes `count` runs, each of which takes `runMs`, and the hand-over on the pool. */
function runMany(modes: RunModes, count: number, runMs: number, shape = rows(1)): RunMode[] {
  return Array.from({ length: count }, () => {
    const mode = modes.choose(shape);
    modes.observe(shape, mode, mode === 'pool' ? runMs + handoffMs : runMs);
    return mode;
  });
}

test('createRunModes() runs a shape on the pool until it is known to cost less than the hand-over', () => {
  const modes = createRunModes(handoffMs);
  assert.deepEqual(runMany(modes, 3, 0.002), ['pool', 'inline', 'inline']);
  assert.equal(modes.choose(rows(1, 'another')), 'pool');
});

test('createRunModes() runs more rows here at once when so many of what ran here cannot take long', () => {
  const modes = createRunModes(handoffMs);
  modes.observe(rows(8), 'pool', 40);
  runMany(modes, 2, 0.002);
  assert.deepEqual(runMany(modes, 3, 0.01, rows(8)), ['inline', 'inline', 'inline']);
  assert.equal(modes.choose(rows(350)), 'inline');
  assert.equal(modes.choose(rows(500)), 'pool');
  assert.equal(modes.choose(rows(2, 'another')), 'pool');
  // What it takes is believed, too.
  assert.deepEqual(runMany(modes, 2, 1, rows(200)), ['inline', 'pool']);
});

test('createRunModes() never tries a model on this thread that takes ten hand-overs', () => {
  assert.ok(runMany(createRunModes(handoffMs), 1000, 12 * handoffMs).every((m) => m === 'pool'));
});

test('createRunModes() tries a run that costs little more than the hand-over now and then', () => {
  const modes = runMany(createRunModes(handoffMs), 1000, 2 * handoffMs);
  assert.equal(modes.filter((mode) => mode === 'inline').length, 9);
});

test('createRunModes() believes what a run on this thread costs, and goes back to the pool', () => {
  const modes = createRunModes(handoffMs);
  runMany(modes, 2, 0.002);
  const after = runMany(modes, 20, 1);
  assert.equal(after[0], 'inline');
  assert.equal(after.at(-1), 'pool');
});

test('createRunModes() keeps a run here that the system held up once, and one that waits on the pool', () => {
  const modes = createRunModes(handoffMs);
  runMany(modes, 10, 0.002);
  modes.observe(rows(1), 'inline', 40);
  assert.equal(modes.choose(rows(1)), 'inline');
  for (let run = 0; run < 10; run += 1) modes.observe(rows(1), 'pool', 40);
  assert.equal(modes.choose(rows(1)), 'inline');
});

test('createRunModes() takes a busy event loop for no cost of the model', () => {
  const modes = createRunModes(handoffMs);
  modes.observe(rows(1), 'pool', 40);
  modes.observe(rows(1), 'pool', handoffMs + 0.002);
  modes.observe(rows(1), 'pool', 40);
  // What the least run took is where the estimate started from, and one slow run cannot hide it.
  modes.observe(rows(1), 'pool', handoffMs + 0.002);
  assert.equal(modes.choose(rows(1)), 'inline');
});

test('createRunModes() decides shape by shape and remembers a bounded number of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), (shapeCount) => {
      const modes = createRunModes(handoffMs);
      const keys = Array.from({ length: shapeCount }, (_, at) => String(at));
      keys.forEach((key, at) => runMany(modes, 2, at % 2 === 0 ? 0.001 : 9, rows(1, key)));
      const known = keys.filter((key, at) => {
        const isCheap = modes.choose(rows(1, key)) === 'inline';
        if (isCheap) assert.equal(at % 2, 0, 'a costly shape does not run here');
        return isCheap;
      });
      assert.ok(known.length <= 128);
      assert.equal(
        modes.choose(rows(1, keys.at(-1))),
        (shapeCount - 1) % 2 === 0 ? 'inline' : 'pool',
      );
    }),
    { numRuns: 30 },
  );
});
