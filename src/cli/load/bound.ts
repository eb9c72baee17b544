import type { Slo } from '../../core/slo.ts';
import { type LoadRun, outcomes } from '../../loadgen/samples.ts';

/**
 * Whether the latency clauses held in what was measured, without saying how sure that is: every
 * request without a good answer counts as late. For searches; proofs judge with intervals.
 * @returns `undefined` when there is no clause, or nothing was measured.
 */
export function isWithinBound(run: LoadRun, slo: Slo | undefined): boolean | undefined {
  if (slo === undefined) return undefined;
  const { samples, warmupMs } = run;
  const ok = outcomes.indexOf('ok');
  return slo.latency.every(({ quantile, limitMs }) => {
    let count = 0;
    let late = 0;
    for (let row = 0; row < samples.count; row += 1) {
      const intendedMs = samples.intendedMs[row] ?? 0;
      if (intendedMs < warmupMs) continue;
      count += 1;
      const latencyMs = (samples.endMs[row] ?? Number.NaN) - intendedMs;
      if (samples.outcome[row] !== ok || !(latencyMs <= limitMs)) late += 1;
    }
    return count > 0 && late <= count * (1 - quantile) + 1e-9;
  });
}
