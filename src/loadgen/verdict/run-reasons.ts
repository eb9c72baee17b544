import type { Slo } from '../../core/slo.ts';
import { firstRowFrom } from '../first-row.ts';
import type { LoadRun } from '../samples.ts';
import { validityOf } from '../validity.ts';

/** Why a run says nothing of whether a server holds an SLO; empty when it does. */
export function reasonsAgainst(run: LoadRun, { ratePerSecond }: Slo): string[] {
  const reasons = [...validityOf(run).reasons];
  if (run.loop === 'closed') {
    reasons.push('requests waited for others to end, so that a slow server was offered less load');
  }
  const { samples, warmupMs, durationMs } = run;
  const end = firstRowFrom(samples, warmupMs + durationMs);
  const count = end - firstRowFrom(samples, warmupMs);
  const wanted = ((ratePerSecond ?? 0) * durationMs) / 1_000;
  // Four deviations of a Poisson count: chance alone does not go so far.
  if (count < wanted - 4 * Math.sqrt(wanted)) {
    const offered = ((count * 1_000) / durationMs).toFixed(1);
    reasons.push(`the load was ${offered} requests a second, and the SLO is of ${ratePerSecond}`);
  }
  return reasons;
}
