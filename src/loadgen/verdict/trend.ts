import { takeQuantile } from '../../core/statistics/quantile.ts';
import { testSlope } from '../../core/statistics/slope.ts';
import { type ClauseSeries, missShare, rowFrom, sumOf } from './clause-series.ts';
import { allWorst } from './all-worst.ts';

/** What latencies do while runs go on. */
export interface Trend {
  /** By how much they rise each millisecond, by their medians. */
  readonly perMs: number;
  /** The chance of so steep a rise, at least, where there is none. */
  readonly chance: number;
}

/** Stretches of all runs together. */
const stretchCount = 48;

/**
 * Tests whether latencies rise within runs: a queue that grows, or a server that gets slower, does
 * it again in each. `undefined` where too little was answered to say.
 */
export function trendOf(runs: readonly ClauseSeries[]): Trend | undefined {
  const wholeMs = runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const stretchMs = wholeMs / stretchCount;
  const slope = testSlope(runs.map((run) => medians(run, stretchMs)));
  return slope === undefined
    ? undefined
    : { perMs: slope.perStep / stretchMs, chance: slope.chance };
}

/**
 * Whether a rise, carried on for so long, takes the clause's quantile over its limit. Of a request
 * with k gaps the longest is measured, which keeps below the q-quantile of gaps with chance q^k.
 */
export function reachesLimit(
  runs: readonly ClauseSeries[],
  { quantile, limitMs }: { readonly quantile: number; readonly limitMs: number },
  riseMs: number,
): boolean {
  const worst = allWorst(runs);
  const counted = runs.flatMap(({ counts }) => counts.slice(-1));
  const trialCount = counted.reduce((sum, { trialCounts }) => sum + sumOf(trialCounts), 0);
  const each = Math.max(1, trialCount / Math.max(1, worst.length));
  return takeQuantile(worst, quantile ** each) + riseMs > limitMs;
}

/** Whether most of what was asked in the last quarter of every run missed the clause. */
export function endLate(runs: readonly ClauseSeries[]): boolean {
  return runs.every((run) => (missShare(run, rowFrom(run, 0.75 * run.durationMs)) ?? 0) > 0.5);
}

/** The median latency of stretches of a run; NaN for one without an answer. */
function medians(run: ClauseSeries, stretchMs: number): number[] {
  const count = Math.max(1, Math.round(run.durationMs / stretchMs));
  return Array.from({ length: count }, (_, stretch) => {
    const begin = rowFrom(run, (stretch / count) * run.durationMs);
    const end = rowFrom(run, ((stretch + 1) / count) * run.durationMs);
    const worstMs = run.worstMs.slice(begin, end);
    let answeredCount = 0;
    for (const ms of worstMs) if (ms !== Infinity) answeredCount += 1;
    // Infinite ones rank last.
    return answeredCount === 0
      ? Number.NaN
      : takeQuantile(worstMs, (0.5 * answeredCount) / worstMs.length);
  });
}
