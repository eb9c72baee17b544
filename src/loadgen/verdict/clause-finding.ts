import type { LatencyClause } from '../../core/slo.ts';
import type { Alphas } from './alphas.ts';
import { type ClauseSeries, sumOf } from './clause-series.ts';
import { clusterViews, effectiveCount } from './effective-count.ts';
import { lowerBound, upperBound } from './miss-bounds.ts';
import type { ClauseFinding, CountedPart } from './verdict.ts';

/** Bounds the share of misses by the worse of the exact binomial law and of blocks of time. */
export function findClause(
  clause: LatencyClause,
  runs: readonly ClauseSeries[],
  { upper, lower }: Pick<Alphas, 'upper' | 'lower'>,
): ClauseFinding {
  const allowedMissShare = Number((1 - clause.quantile).toPrecision(12));
  const views = clusterViews(runs, allowedMissShare);
  // The bounds of the parts share the chance of error.
  const [upperEach, lowerEach] = [upper / views.length, lower / views.length];
  const parts = views.map((ofPart, part): CountedPart => {
    const counts = runs.flatMap((run) => run.counts.slice(part, part + 1));
    const trialCount = counts.reduce((sum, { trialCounts }) => sum + sumOf(trialCounts), 0);
    return {
      trialCount,
      missCount: counts.reduce((sum, { missCounts }) => sum + sumOf(missCounts), 0),
      upperCount: effectiveCount(ofPart, trialCount, upperEach),
      lowerCount: effectiveCount(ofPart, trialCount, lowerEach),
    };
  });
  return {
    clause,
    ...seenCounts(parts),
    allowedMissShare,
    effectiveCount: Math.min(...parts.map((part) => part.upperCount)),
    missShareUpper: upperBound(parts, upper, 'upperCount'),
    missShareLower: lowerBound(parts, lower, 'lowerCount'),
    binomialUpper: upperBound(parts, upper, 'trialCount'),
    binomialLower: lowerBound(parts, lower, 'trialCount'),
    parts,
  };
}

/** All that was counted, in the unit of the last part: a miss of the first is worth as many as a hit has. */
function seenCounts(parts: readonly CountedPart[]): { requestCount: number; missCount: number } {
  const [first, gaps] = parts;
  if (first === undefined) return { requestCount: 0, missCount: 0 };
  if (gaps === undefined) return { requestCount: first.trialCount, missCount: first.missCount };
  const goodCount = first.trialCount - first.missCount;
  const lost = Math.round(first.missCount * (goodCount > 0 ? gaps.trialCount / goodCount : 1));
  return { requestCount: gaps.trialCount + lost, missCount: gaps.missCount + lost };
}
