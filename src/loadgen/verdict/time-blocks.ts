import type { Block } from '../../core/statistics/blocks.ts';
import type { ClauseSeries, Counts } from './clause-series.ts';

/**
 * Cuts runs, laid end to end, into blocks of equal time. A block may hold the end of one run and the
 * start of the next: they depend on each other less than the parts of other blocks, and so do the
 * requests that the blocks stand for.
 * @param columns what is counted, for each run.
 */
export function timeBlocks(
  runs: readonly Pick<ClauseSeries, 'durationMs' | 'atMs'>[],
  columns: readonly Counts[],
  count: number,
): Block[] {
  const wholeMs = runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const trials = new Float64Array(count);
  const hits = new Float64Array(count);
  let beforeMs = 0;
  for (const [place, { atMs, durationMs }] of runs.entries()) {
    const column = columns[place];
    for (let row = 0; row < atMs.length; row += 1) {
      const part = (beforeMs + (atMs[row] ?? 0)) / wholeMs;
      const block = Math.min(count - 1, Math.floor(part * count));
      trials[block] = (trials[block] ?? 0) + (column?.trialCounts[row] ?? 0);
      hits[block] = (hits[block] ?? 0) + (column?.missCounts[row] ?? 0);
    }
    beforeMs += durationMs;
  }
  return Array.from(trials, (trialCount, block) => ({ trialCount, hitCount: hits[block] ?? 0 }));
}
