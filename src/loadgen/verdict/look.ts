import type { Slo } from '../../core/slo.ts';
import { splitSpending } from './alphas.ts';
import { findClause } from './clause-finding.ts';
import type { ClauseSeries } from './clause-series.ts';
import { type Trend, endLate, reachesLimit, trendOf } from './trend.ts';
import type { ClauseFinding } from './verdict.ts';

/** What one look at the data finds of a clause. */
export interface ClauseLook {
  readonly found: ClauseFinding;
  /** Latency rises, and would reach the limit within the time that is planned. */
  readonly isRising: boolean;
  /** Latency seems to have grown all along, and most requests were late at the end of each run. */
  readonly isGrowing: boolean;
  /** It grew beyond doubt, so that the load is more than the server can do. */
  readonly isOverloaded: boolean;
}

export interface LookOptions {
  /** The chance of either error that this look may add. */
  readonly spending: number;
  /** How long a rise is carried on. */
  readonly plannedMs: number;
}

/** For words only: what is refuted without it seems to be overloaded. */
const seemingChance = 0.05;

/**
 * Looks at the data once.
 * @param series of each clause of the SLO, its runs.
 */
export function look(
  slo: Slo,
  series: readonly (readonly ClauseSeries[])[],
  { spending, plannedMs }: LookOptions,
): ClauseLook[] {
  const alphas = splitSpending(spending, slo.latency.length);
  return slo.latency.map((clause, place) => {
    const runs = series[place] ?? [];
    const found = findClause(clause, runs, alphas);
    const trend = trendOf(runs);
    const isLate = endLate(runs);
    return {
      found,
      isRising: isSteep(trend, alphas.rise) && reachesLimit(runs, clause, trend.perMs * plannedMs),
      isGrowing: isLate && isSteep(trend, seemingChance),
      isOverloaded:
        isLate && isSteep(trend, alphas.overload) && found.binomialLower > found.allowedMissShare,
    };
  });
}

function isSteep(trend: Trend | undefined, alpha: number): trend is Trend {
  return trend !== undefined && trend.perMs > 0 && trend.chance < alpha;
}
