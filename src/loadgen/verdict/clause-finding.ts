import type { LatencyClause } from '../../core/slo.ts';
import { shareLowerBound, shareUpperBound } from '../../core/statistics/binomial.ts';
import { type Block, effectiveTrialCount } from '../../core/statistics/blocks.ts';
import { quantileOfSorted } from '../../core/statistics/quantile.ts';
import { type ClauseSeries, firstRowFrom } from './clause-series.ts';
import type { ClauseFinding } from './verdict.ts';

/** Blocks of all runs together, at least. */
const blockCount = 32;

/** The chances, at most, that a bound of the share of misses is on the wrong side of the truth. */
export interface Alphas {
  readonly upper: number;
  readonly lower: number;
}

/**
 * Bounds the share of misses by the worse of the exact binomial law and of blocks. Where misses are
 * few, the blocks cannot say how they cluster; then how slow requests cluster, of which there are
 * more, says it.
 */
export function findClause(
  clause: LatencyClause,
  runs: readonly ClauseSeries[],
  alphas: Alphas,
): ClauseFinding {
  const requestCount = runs.reduce((sum, { trialCounts }) => sum + trialCounts.reduce(add, 0), 0);
  const missCount = runs.reduce((sum, { missCounts }) => sum + missCounts.reduce(add, 0), 0);
  const allowedMissShare = Number((1 - clause.quantile).toPrecision(12));
  const counted = { requestCount, missCount };
  const upperCount = effectiveCount(runs, allowedMissShare, alphas.upper);
  const lowerCount =
    alphas.lower === alphas.upper
      ? upperCount
      : effectiveCount(runs, allowedMissShare, alphas.lower);
  return {
    clause,
    ...counted,
    allowedMissShare,
    effectiveCount: upperCount,
    missShareUpper: upperBound(counted, upperCount, alphas.upper),
    missShareLower: lowerBound(counted, lowerCount, alphas.lower),
    binomialUpper: upperBound(counted, requestCount, alphas.upper),
    binomialLower: lowerBound(counted, requestCount, alphas.lower),
  };
}

type Counted = Pick<ClauseFinding, 'requestCount' | 'missCount'>;

/** The upper bound if the requests say as much as `count` independent ones. */
export function upperBound(
  { missCount, requestCount }: Counted,
  count: number,
  alpha: number,
): number {
  if (requestCount === 0 || count <= 0) return 1;
  return shareUpperBound((missCount / requestCount) * count, count, alpha);
}

/** The lower bound likewise. */
export function lowerBound(
  { missCount, requestCount }: Counted,
  count: number,
  alpha: number,
): number {
  if (requestCount === 0 || count <= 0) return 0;
  return shareLowerBound((missCount / requestCount) * count, count, alpha);
}

/** How many independent requests say as much as these, by the least favourable view of them. */
function effectiveCount(
  runs: readonly ClauseSeries[],
  allowedMissShare: number,
  alpha: number,
): number {
  const requestCount = runs.reduce((sum, { trialCounts }) => sum + trialCounts.reduce(add, 0), 0);
  const sorted = sortedWorst(runs);
  const levels = [5, 10].map((times) =>
    quantileOfSorted(sorted, 1 - Math.min(0.5, times * allowedMissShare)),
  );
  const views = [
    runs.map(({ missCounts, trialCounts }) => ({ hits: missCounts, trials: trialCounts })),
    ...levels.map((levelMs) =>
      runs.map(({ worstMs }) => ({
        hits: Uint32Array.from(worstMs, (ms) => (ms > levelMs ? 1 : 0)),
        trials: new Uint32Array(worstMs.length).fill(1),
      })),
    ),
  ];
  const shares = views.flatMap((view) => {
    const blocks = view.map((columns, place) => {
      const run = runs[place];
      return run === undefined ? [] : blocksOf(run, columns, Math.ceil(blockCount / runs.length));
    });
    const trials = view.reduce((sum, columns) => sum + columns.trials.reduce(add, 0), 0);
    const effective = effectiveTrialCount(blocks, alpha);
    return effective === undefined ? [] : [effective / trials];
  });
  // All requests fared alike, so that nothing is known of how they depend on each other.
  if (shares.length === 0) return requestCount;
  return requestCount * Math.min(...shares);
}

function blocksOf(
  run: ClauseSeries,
  { hits, trials }: { readonly hits: Uint32Array; readonly trials: Uint32Array },
  count: number,
): Block[] {
  const rows = { count: run.atMs.length, intendedMs: run.atMs };
  const edges = Array.from({ length: count + 1 }, (_, edge) =>
    edge === count ? run.atMs.length : firstRowFrom(rows, (edge / count) * run.durationMs),
  );
  return edges.slice(1).map((end, place) => ({
    trialCount: trials.subarray(edges[place], end).reduce(add, 0),
    hitCount: hits.subarray(edges[place], end).reduce(add, 0),
  }));
}

function sortedWorst(runs: readonly ClauseSeries[]): Float64Array {
  const all = new Float64Array(runs.reduce((sum, { worstMs }) => sum + worstMs.length, 0));
  let at = 0;
  for (const { worstMs } of runs) {
    all.set(worstMs, at);
    at += worstMs.length;
  }
  return all.sort();
}

function add(a: number, b: number): number {
  return a + b;
}
