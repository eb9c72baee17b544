import { type Slo, type SloMetric, loosestLimitMs, sloMetrics } from '../../core/slo.ts';
import type { LoadRun } from '../samples.ts';
import { firstMeasuredRow } from '../summary/measured-rows.ts';
import { metricTimes } from './metric-times.ts';

/** A number for each metric that an SLO limits. */
type PerMetric = Readonly<Partial<Record<SloMetric, number>>>;

/** How many requests were served as well as they must be. */
export interface Goodput {
  /** What each answer must keep to, in milliseconds. */
  readonly limitsMs: PerMetric;
  readonly requestCount: number;
  /** Requests whose answers were good and kept to every limit at once. */
  readonly goodCount: number;
  readonly goodPerSecond: number;
  /** Good answers that broke each limit; one may break several. */
  readonly misses: PerMetric;
}

/**
 * Counts the requests after the warm-up that were answered well and kept to the SLO's limits: of
 * each metric to the loosest one. Of the gaps between tokens the longest must keep to it.
 */
export function goodputOf(run: LoadRun, slo: Slo): Goodput {
  const { samples, durationMs } = run;
  const limits = sloMetrics.flatMap((metric) => {
    const limitMs = loosestLimitMs(slo, metric);
    return limitMs === undefined ? [] : [[metric, limitMs] as const];
  });
  const misses: Partial<Record<SloMetric, number>> = {};
  const first = firstMeasuredRow(run);
  let goodCount = 0;
  for (let row = first; row < samples.count; row += 1) {
    if (samples.outcome[row] !== 0) continue;
    const missed = limits.filter(([metric, limitMs]) => {
      const { timeMs, mayBeMissing } = metricTimes[metric];
      const ownMs = timeMs(samples, row);
      return Number.isNaN(ownMs) ? !mayBeMissing : ownMs > limitMs;
    });
    for (const [metric] of missed) misses[metric] = (misses[metric] ?? 0) + 1;
    if (missed.length === 0) goodCount += 1;
  }
  return {
    limitsMs: Object.fromEntries(limits),
    requestCount: samples.count - first,
    goodCount,
    goodPerSecond: durationMs > 0 ? (goodCount * 1000) / durationMs : 0,
    misses,
  };
}
