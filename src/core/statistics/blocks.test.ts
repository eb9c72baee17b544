import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Block, effectiveTrialCount } from './blocks.ts';
import { createRandom } from './random.ts';

/** Blocks of trials that come in bursts of equal outcome. */
function burstyBlocks(seed: number, burst: number, blockCount = 32, trialCount = 1_000): Block[] {
  const random = createRandom(seed);
  return Array.from({ length: blockCount }, () => {
    let hitCount = 0;
    for (let at = 0; at < trialCount; at += burst) if (random.next() < 0.1) hitCount += burst;
    return { trialCount, hitCount };
  });
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('effectiveTrialCount()', () => {
  test('counts a burst about once', () => {
    for (const burst of [1, 10, 100]) {
      const effective = Array.from({ length: 60 }, (_, seed) =>
        Number(effectiveTrialCount(burstyBlocks(seed, burst), 0.05)),
      );
      const bursts = 32_000 / burst;
      const ratio = meanOf(effective) / bursts;
      assert.ok(ratio > 0.4 && ratio < 1, `bursts of ${burst}: ${ratio}`);
    }
  });

  test('sees bursts that are longer than the blocks', () => {
    const effective = Array.from({ length: 60 }, (_, seed) => {
      const long = burstyBlocks(seed, 4, 16, 16).flatMap(({ hitCount }) =>
        Array.from({ length: 2 }, () => ({ trialCount: 1_000, hitCount: hitCount * 50 })),
      );
      return effectiveTrialCount(long, 0.05) ?? 64;
    });
    // There are 64 bursts; the short blocks alone would count twice as many.
    assert.ok(meanOf(effective) < 80, `${meanOf(effective)}`);
  });

  test('is never above the number of trials, and unknown where all went alike', () => {
    const block = fc
      .integer({ min: 1, max: 50 })
      .chain((trialCount) =>
        fc.integer({ min: 0, max: trialCount }).map((hitCount) => ({ trialCount, hitCount })),
      );
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 60 }), (blocks) => {
        const trials = blocks.reduce((sum, { trialCount }) => sum + trialCount, 0);
        const effective = effectiveTrialCount(blocks, 0.05);
        if (effective !== undefined) assert.ok(effective > 0 && effective <= trials);
      }),
    );
    const none = Array.from({ length: 32 }, () => ({ trialCount: 9, hitCount: 0 }));
    assert.equal(effectiveTrialCount(none, 0.05), undefined);
    assert.equal(effectiveTrialCount(burstyBlocks(1, 1, 11), 0.05), undefined);
  });
});
