import { type Block, effectiveTrialCount } from '../../core/statistics/blocks.ts';
import { takeQuantile } from '../../core/statistics/quantile.ts';
import type { ClauseSeries, Counts } from './clause-series.ts';
import { allWorst } from './all-worst.ts';
import { timeBlocks } from './time-blocks.ts';

/** Blocks of all runs together, enough to be joined twice. */
const blockCount = 48;

/** Slow requests are so many times as many as may miss. */
const slowTimes = [5, 10];

/**
 * Views of how much requests depend on each other, each as blocks of equal time. Where misses are
 * few, they cannot say how they cluster; then how slow requests cluster, of which there are more,
 * says it.
 * @returns for each thing that the clause counts, its views.
 */
export function clusterViews(
  runs: readonly ClauseSeries[],
  allowedMissShare: number,
): readonly (readonly Block[])[][] {
  const worst = allWorst(runs);
  const slow = slowTimes.map((times) => {
    const levelMs = takeQuantile(worst, 1 - Math.min(0.5, times * allowedMissShare));
    const columns = runs.map(({ worstMs }) => countAbove(worstMs, levelMs));
    return timeBlocks(runs, columns, blockCount);
  });
  const partCount = runs[0]?.counts.length ?? 1;
  return Array.from({ length: partCount }, (_, part) => {
    const columns = runs.flatMap(({ counts }) => counts.slice(part, part + 1));
    return [timeBlocks(runs, columns, blockCount), ...slow];
  });
}

function countAbove(worstMs: Float64Array, levelMs: number): Counts {
  const missCounts = new Uint32Array(worstMs.length);
  for (let row = 0; row < worstMs.length; row += 1) {
    if ((worstMs[row] ?? 0) > levelMs) missCounts[row] = 1;
  }
  return { missCounts, trialCounts: new Uint32Array(worstMs.length).fill(1) };
}

/** How many independent trials say as much as `trialCount` ones, by the least favourable view. */
export function effectiveCount(
  views: readonly (readonly Block[])[],
  trialCount: number,
  alpha: number,
): number {
  const shares = views.flatMap((blocks) => {
    const trials = blocks.reduce((sum, block) => sum + block.trialCount, 0);
    const effective = effectiveTrialCount(blocks, alpha);
    return effective === undefined ? [] : [effective / trials];
  });
  // All requests fared alike, so that nothing is known of how they depend on each other.
  return shares.length === 0 ? trialCount : trialCount * Math.min(...shares);
}
