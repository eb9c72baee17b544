import { type Slope, testSlope } from '../../core/statistics/slope.ts';
import { type ClauseSeries, firstRowFrom } from './clause-series.ts';

/** What the latencies of a run do while it goes on. */
export interface Trend {
  /** They rise, and there is no other explanation at the confidence asked for. */
  readonly isRising: boolean;
  /** They rise, and most of the requests of the last quarter are late. */
  readonly isOverloaded: boolean;
}

const blockCount = 20;

/**
 * Tests whether the load is beyond the server: its queue, and with it the latencies, grow as long
 * as the run goes on.
 */
export function trendOf(run: ClauseSeries, alpha: number): Trend {
  const slope: Slope | undefined = testSlope(blockMedians(run));
  const isRising = slope !== undefined && slope.perStep > 0 && slope.chance < alpha;
  const rows = { count: run.atMs.length, intendedMs: run.atMs };
  const lastQuarter = firstRowFrom(rows, 0.75 * run.durationMs);
  const sum = (counts: Uint32Array) => counts.subarray(lastQuarter).reduce((a, b) => a + b, 0);
  const isLate = sum(run.missCounts) > 0.5 * sum(run.trialCounts);
  return { isRising, isOverloaded: isRising && isLate };
}

/** The median latency of equal stretches of time; stretches without an answer are left out. */
function blockMedians({ atMs, worstMs, durationMs }: ClauseSeries): number[] {
  const rows = { count: atMs.length, intendedMs: atMs };
  return Array.from({ length: blockCount }, (_, block) => {
    const begin = firstRowFrom(rows, (block / blockCount) * durationMs);
    const end = firstRowFrom(rows, ((block + 1) / blockCount) * durationMs);
    const answered = worstMs
      .slice(begin, end)
      .filter((ms) => Number.isFinite(ms))
      .sort();
    return answered[answered.length >> 1] ?? Number.NaN;
  }).filter((ms) => !Number.isNaN(ms));
}
