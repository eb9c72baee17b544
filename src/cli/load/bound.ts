import type { Slo } from '../../core/slo.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { clauseSeries } from '../../loadgen/verdict/clause-series.ts';

/**
 * Whether the latency clauses held in what was measured, without saying how sure that is: every
 * request without a good answer is a miss. For searches; proofs judge with intervals.
 * @returns `undefined` without an SLO.
 */
export function isWithinBound(run: LoadRun, slo: Slo | undefined): boolean | undefined {
  return slo?.latency.every((clause) => {
    const { trialCounts, missCounts } = clauseSeries(run, clause);
    const trials = sum(trialCounts);
    return trials > 0 && sum(missCounts) <= trials * (1 - clause.quantile) + 1e-9;
  });
}

function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
