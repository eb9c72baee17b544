import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { timeBlocks } from './time-blocks.ts';

/** A run with a request each millisecond, all of which miss or none. */
function makeRun(durationMs: number, isMissed: boolean) {
  return {
    run: { durationMs, atMs: Float64Array.from({ length: durationMs }, (_, ms) => ms) },
    column: {
      trialCounts: new Uint32Array(durationMs).fill(1),
      missCounts: new Uint32Array(durationMs).fill(Number(isMissed)),
    },
  };
}

test('timeBlocks() cuts runs of any lengths into blocks of one length', () => {
  const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.boolean()), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 48 }), (made, count) => {
      const runs = made.map(([durationMs, isMissed]) => makeRun(durationMs, isMissed));
      const blocks = timeBlocks(
        runs.map(({ run }) => run),
        runs.map(({ column }) => column),
        count,
      );
      const wholeMs = made.reduce((sum, [durationMs]) => sum + durationMs, 0);
      const missedMs = made.reduce((sum, [ms, isMissed]) => sum + (isMissed ? ms : 0), 0);
      assert.equal(blocks.length, count);
      for (const { trialCount } of blocks) {
        assert.ok(Math.abs(trialCount - wholeMs / count) <= 1 + 1e-9);
      }
      assert.equal(
        blocks.reduce((sum, { hitCount }) => sum + hitCount, 0),
        missedMs,
      );
    }),
  );
});
