import type { DynamicBatching } from '../config/model-config.ts';
import { type RunTimeModel, createRunTimeModel } from './run-time-model.ts';
import { type UsefulBatchSize, createUsefulBatchSize } from './useful-batch-size.ts';

/** How the batches of one model are formed. */
export interface BatchPolicy {
  /** Most items in a batch, at least 1. */
  readonly maxBatchSize: number;
  /** A batch that has this many items is not grown: more would only make its requests wait. */
  usefulBatchSize(nowMs: number): number;
  /** Ascending. A batch that reaches one of them is not kept waiting. */
  readonly preferredBatchSizes: readonly number[];
  /** How long a batch that could still grow may wait for it, from its oldest request; 0 not at all. */
  readonly maxQueueDelayMs: number;
  /** How long a batch of this size is expected to run; `undefined` when there is no telling. */
  estimateRunMs(batchSize: number, nowMs: number): number | undefined;
}

/** What was learnt of a model's runs. */
export interface MeasuredRuns {
  readonly runTimes: RunTimeModel;
  readonly useful: UsefulBatchSize;
}

/** Begins with nothing measured. */
export function createMeasuredRuns(): MeasuredRuns {
  return { runTimes: createRunTimeModel(), useful: createUsefulBatchSize() };
}

/**
 * Makes the policy a model's config asks for. A config that says when to wait, or for how many,
 * wants those batches; otherwise they grow as far as measured run times say that it pays.
 * @param maxBatchSize 0 when requests are not batched.
 */
export function createBatchPolicy(
  maxBatchSize: number,
  scheduling: DynamicBatching,
  { runTimes, useful }: MeasuredRuns,
): BatchPolicy {
  const largest = Math.max(1, maxBatchSize);
  const wantsBatches =
    scheduling.maxQueueDelayMicroseconds > 0 || scheduling.preferredBatchSizes.length > 0;
  return {
    maxBatchSize: largest,
    usefulBatchSize: (nowMs) => (wantsBatches ? largest : (useful.at(nowMs) ?? largest)),
    preferredBatchSizes: scheduling.preferredBatchSizes.toSorted((a, b) => a - b),
    maxQueueDelayMs: scheduling.maxQueueDelayMicroseconds / 1000,
    estimateRunMs: (batchSize, nowMs) => runTimes.freshEstimateMs(batchSize, nowMs),
  };
}
