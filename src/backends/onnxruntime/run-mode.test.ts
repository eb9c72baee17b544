import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RunMode, type RunModes, createRunModes } from './run-mode.ts';

const handoffMs = 0.05;

/** Chooses and observes `count` runs, each of which takes `runMs`, and the hand-over on the pool. */
function runMany(modes: RunModes, count: number, runMs: number, shapeKey = 'a'): RunMode[] {
  return Array.from({ length: count }, () => {
    const mode = modes.choose(shapeKey);
    modes.observe(shapeKey, mode, mode === 'pool' ? runMs + handoffMs : runMs);
    return mode;
  });
}

test('createRunModes() runs a shape on the pool until it is known to cost less than the hand-over', () => {
  const modes = createRunModes(handoffMs);
  assert.deepEqual(runMany(modes, 3, 0.002), ['pool', 'inline', 'inline']);
  assert.equal(modes.choose('another shape'), 'pool');
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

test('createRunModes() takes a busy event loop for no cost of the model', () => {
  const modes = createRunModes(handoffMs);
  modes.observe('a', 'pool', 40);
  modes.observe('a', 'pool', handoffMs + 0.002);
  modes.observe('a', 'pool', 40);
  // What the least run took is where the estimate started from, and one slow run cannot hide it.
  modes.observe('a', 'pool', handoffMs + 0.002);
  assert.equal(modes.choose('a'), 'inline');
});

test('createRunModes() decides shape by shape and remembers a bounded number of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), (shapeCount) => {
      const modes = createRunModes(handoffMs);
      const keys = Array.from({ length: shapeCount }, (_, at) => String(at));
      keys.forEach((key, at) => runMany(modes, 2, at % 2 === 0 ? 0.001 : 9, key));
      const known = keys.filter((key, at) => {
        const isCheap = modes.choose(key) === 'inline';
        if (isCheap) assert.equal(at % 2, 0, 'a costly shape does not run here');
        return isCheap;
      });
      assert.ok(known.length <= 128);
      assert.equal(modes.choose(keys.at(-1)!), (shapeCount - 1) % 2 === 0 ? 'inline' : 'pool');
    }),
    { numRuns: 30 },
  );
});
