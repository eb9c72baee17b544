import type { Outcome } from '../samples.ts';

/**
 * What a run measured, in numbers: also the document of `--json`, where a field without a value is
 * left out. Rates and counts are of what was intended after the warm-up. Names are stable.
 */
export interface LoadSummary {
  readonly loop: 'open' | 'closed';
  readonly startedAtUnixMs: number;
  readonly warmupMs: number;
  /** What was judged: the time after the warm-up. */
  readonly durationMs: number;
  readonly requestCount: number;
  /** Requests intended each second. */
  readonly offeredPerSecond: number;
  /** Good answers that came each second, those to requests of the warm-up too. */
  readonly achievedPerSecond: number;
  /** How many requests ended in each way; ways that none ended in are left out. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Why requests went wrong, the commonest first; those of the warm-up too. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly validity: {
    readonly isValid: boolean;
    readonly lagP99Ms: number;
    readonly droppedCount: number;
    readonly reasons: readonly string[];
  };
  /**
   * What `latencyMs` counts from. In a closed loop each request waits for another to end, so its
   * times say nothing of what independent clients would see.
   */
  readonly latencyFrom: 'intendedSend' | 'turnInClosedLoop';
  /** Of good answers, to the last byte. */
  readonly latencyMs?: Distribution;
  /** Of good answers, from the actual send to the last byte. */
  readonly serviceMs?: Distribution;
  /** Of good answers, from the actual send. */
  readonly firstByteMs?: Distribution;
  /** Of all that was sent: how much later than intended. */
  readonly sendLagMs?: Distribution;
  /** Of good answers, as the server tells: waiting, and computing. */
  readonly serverQueueMs?: Distribution;
  readonly serverComputeMs?: Distribution;
  readonly throughput: Throughput;
}

/** A distribution of measured values. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly quantiles: readonly QuantileEstimate[];
}

/**
 * A quantile by nearest rank, and the interval that holds the true one with 95 % confidence were
 * the values independent; a bound that the sample is too small for is left out.
 */
export interface QuantileEstimate {
  readonly quantile: number;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** Over time, in stretches of equal length. */
export interface Throughput {
  readonly stretchMs: number;
  /** When each stretch began, since the run began. */
  readonly startMs: readonly number[];
  readonly offeredPerSecond: readonly number[];
  /** Good answers, when they came. */
  readonly achievedPerSecond: readonly number[];
  /** Requests that went wrong, by when they were intended. */
  readonly failedPerSecond: readonly number[];
}
