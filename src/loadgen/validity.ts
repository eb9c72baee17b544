import { nearestRank } from '../core/statistics/quantile.ts';
import { type LoadRun, outcomes } from './samples.ts';

/** Whether a run measured the server, and not the generator. */
export interface Validity {
  readonly valid: boolean;
  /**
   * How late requests were sent, by the 99th percentile, after the warm-up; of fewer than 100, the
   * latest one is left out, as it alone says little of the generator.
   */
  readonly lagP99Ms: number;
  /** Requests that the generator could not send, after the warm-up. */
  readonly droppedCount: number;
  /** Why the run is not valid. */
  readonly reasons: readonly string[];
}

const maxLagMs = 1;

/**
 * Judges the generator of a run: it is valid when it lasted, and there were requests after the
 * warm-up, all but 1 in 100 of them, or but one, sent within a millisecond of their time, and none
 * left out.
 */
export function validityOf({ samples, warmupMs, lostGeneratorCount = 0 }: LoadRun): Validity {
  const { count, intendedMs, sentMs, outcome } = samples;
  const dropped = outcomes.indexOf('dropped');
  const lags = new Float64Array(count);
  let lagCount = 0;
  let droppedCount = 0;
  for (let row = 0; row < count; row += 1) {
    const atMs = intendedMs[row] ?? 0;
    if (atMs < warmupMs) continue;
    if (outcome[row] === dropped) droppedCount += 1;
    const lagMs = (sentMs[row] ?? Number.NaN) - atMs;
    if (!Number.isNaN(lagMs)) lags[lagCount++] = lagMs;
  }
  const sorted = lags.subarray(0, lagCount).sort();
  const rank = Math.min(nearestRank(lagCount, 0.99), lagCount - 1);
  const lagP99Ms = sorted[rank - 1] ?? 0;
  const reasons: string[] = [];
  if (lostGeneratorCount > 0) {
    reasons.push(
      `${lostGeneratorCount} of the processes that generate load ended in the middle, and what they measured is missing; look for what ended them, such as too little memory`,
    );
  }
  if (lagCount + droppedCount === 0) {
    reasons.push('no request was sent after the warm-up: raise the duration or the load');
  }
  if (lagP99Ms > maxLagMs) {
    reasons.push(
      `the generator was late: more than 1 in 100 requests were sent ${lagP99Ms.toFixed(1)} ms or more after their time, and ${maxLagMs} ms is allowed`,
    );
  }
  if (droppedCount > 0) {
    reasons.push(
      `the generator could not send ${droppedCount} of ${lagCount + droppedCount} requests`,
    );
  }
  return { valid: reasons.length === 0, lagP99Ms, droppedCount, reasons };
}
