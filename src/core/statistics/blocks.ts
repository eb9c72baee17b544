import { studentQuantile } from './student.ts';

/** What was seen in one of several stretches of equal time that follow each other. */
export interface Block {
  readonly trialCount: number;
  readonly hitCount: number;
}

/** Fewer blocks say too little of how much they differ. */
const minBlocks = 12;

/**
 * How many independent trials would say as much of the share of hits as these trials do, which
 * depend on each other: fewer where hits come in bursts. Counts blocks as single observations,
 * joins neighbours into longer blocks while there are enough, and takes the least, so that bursts
 * longer than the short blocks are seen too; small numbers of blocks are paid for with Student's
 * law. `undefined` where there are too few blocks, or all trials went the same way.
 * Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of
 * positive counts" (1998); joining blocks: Flyvbjerg and Petersen (1989).
 */
export function effectiveTrialCount(blocks: readonly Block[], alpha: number): number | undefined {
  let least: number | undefined;
  const trialCount = blocks.reduce((sum, block) => sum + block.trialCount, 0);
  const plainReach = studentQuantile(alpha, Math.max(1, trialCount - 1));
  for (let joined = blocks; joined.length >= minBlocks; joined = joinPairs(joined)) {
    const count = countOf(joined, { alpha, plainReach });
    if (count === undefined) break;
    least = Math.min(least ?? Infinity, count);
  }
  return least;
}

function countOf(
  blocks: readonly Block[],
  { alpha, plainReach }: { readonly alpha: number; readonly plainReach: number },
): number | undefined {
  const trials = blocks.reduce((sum, { trialCount }) => sum + trialCount, 0);
  const share = blocks.reduce((sum, { hitCount }) => sum + hitCount, 0) / trials;
  if (!(share > 0 && share < 1)) return undefined;
  const squares = blocks.reduce(
    (sum, { trialCount, hitCount }) => sum + (hitCount - share * trialCount) ** 2,
    0,
  );
  const degrees = blocks.length - 1;
  const variance = ((squares / trials ** 2) * blocks.length) / degrees;
  const spread = plainReach / studentQuantile(alpha, degrees);
  return Math.min(trials, ((share * (1 - share)) / variance) * spread ** 2);
}

/** Joins neighbours; an odd one out, which would make a block shorter or longer than the others, is left out. */
function joinPairs(blocks: readonly Block[]): Block[] {
  return Array.from({ length: Math.floor(blocks.length / 2) }, (_, pair) => {
    const parts = blocks.slice(pair * 2, pair * 2 + 2);
    return {
      trialCount: parts.reduce((sum, { trialCount }) => sum + trialCount, 0),
      hitCount: parts.reduce((sum, { hitCount }) => sum + hitCount, 0),
    };
  });
}
