import type { SloMetric } from '../../core/slo.ts';
import { type RowTime, latencyMs } from '../summary/measured-rows.ts';
import { firstTokenMs, longestGapMs, perTokenMs } from './answer-times.ts';

/** How what a clause limits is read from a request. */
interface MetricTime {
  /** In milliseconds; of the gaps between tokens the longest one. */
  readonly timeMs: RowTime;
  /** Whether a good answer may lack it, as one of a single chunk or token does, and then says nothing. */
  readonly mayBeMissing: boolean;
}

/** The times that an SLO may limit, as one request has them. */
export const metricTimes: Readonly<Record<SloMetric, MetricTime>> = {
  latency: { timeMs: latencyMs, mayBeMissing: false },
  ttft: { timeMs: firstTokenMs, mayBeMissing: false },
  itl: { timeMs: longestGapMs, mayBeMissing: true },
  tpot: { timeMs: perTokenMs, mayBeMissing: true },
};
