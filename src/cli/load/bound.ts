import type { Slo } from '../../core/slo.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { clauseSeries, missShare } from '../../loadgen/verdict/clause-series.ts';

/**
 * Whether the latency clauses held in what was measured, without saying how sure that is: every
 * request without a good answer is a miss. For searches; proofs judge with intervals.
 * @returns `undefined` without an SLO.
 */
export function isWithinBound(run: LoadRun, slo: Slo | undefined): boolean | undefined {
  return slo?.latency.every((clause) => {
    const share = missShare(clauseSeries(run, clause));
    return share !== undefined && share <= 1 - clause.quantile + 1e-9;
  });
}
