import { type Slo, loosestLimitMs } from '../../core/slo.ts';

/** Beyond the limit, so that a late answer's own time is still measured. */
const marginMs = 5_000;

/**
 * How long answers to the last requests of a run that judges an SLO may still come: as long as one
 * could be good. Where only the whole answer is limited that is known; other limits say nothing of
 * when an answer ends, and then it is the time after which it counts as failed.
 */
export function drainMsFor(slo: Slo, timeoutMs: number): number {
  const isWholeOnly = slo.latency.every(({ metric }) => metric === 'latency');
  const limitMs = loosestLimitMs(slo, 'latency');
  if (!isWholeOnly || limitMs === undefined) return timeoutMs;
  return Math.min(timeoutMs, limitMs + marginMs);
}
