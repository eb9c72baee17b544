import type { ExecutionTimings } from '../core/batch.ts';
import type { BatchStatistic, DurationStatistic, ModelStatistics } from './model-statistics.ts';

/** A duration statistic that grows. */
interface Tally {
  count: number;
  totalMs: number;
}

interface ComputeTallies {
  readonly computeInput: Tally;
  readonly computeInfer: Tally;
  readonly computeOutput: Tally;
}

/** Where the time of one executed request went, in milliseconds. */
export interface RequestTimings extends ExecutionTimings {
  readonly queueMs: number;
  readonly batchWaitMs: number;
}

/** Counts what happens to one model version, exactly. */
export interface ModelStatisticsRecorder {
  executed(batchSize: number, timings: ExecutionTimings, epochMs: number): void;
  succeeded(durationMs: number): void;
  failed(durationMs: number): void;
  /** Adds the stages of a request that was executed and answered. */
  staged(timings: RequestTimings): void;
  cacheHit(lookupMs: number): void;
  cacheMissed(lookupMs: number): void;
  snapshot(): ModelStatistics;
}

/** Makes a recorder that has seen nothing. */
export function createModelStatisticsRecorder(identity: {
  readonly name: string;
  readonly version: number;
}): ModelStatisticsRecorder {
  const success = emptyTally();
  const fail = emptyTally();
  const queue = emptyTally();
  const compute = emptyComputeTallies();
  const cacheHit = emptyTally();
  const cacheMiss = emptyTally();
  const byBatchSize = new Map<number, ComputeTallies>();
  let lastInferenceEpochMs = 0;
  let inferenceCount = 0;
  let executionCount = 0;

  return {
    executed(batchSize, timings, epochMs) {
      lastInferenceEpochMs = epochMs;
      inferenceCount += batchSize;
      executionCount += 1;
      let tallies = byBatchSize.get(batchSize);
      if (tallies === undefined) {
        tallies = emptyComputeTallies();
        byBatchSize.set(batchSize, tallies);
      }
      addCompute(tallies, timings);
    },
    succeeded: (durationMs) => add(success, durationMs),
    failed: (durationMs) => add(fail, durationMs),
    staged(timings) {
      add(queue, timings.queueMs);
      addCompute(compute, timings);
    },
    cacheHit: (lookupMs) => add(cacheHit, lookupMs),
    cacheMissed: (lookupMs) => add(cacheMiss, lookupMs),
    snapshot: () => ({
      name: identity.name,
      version: identity.version,
      lastInferenceEpochMs,
      inferenceCount,
      executionCount,
      success: { ...success },
      fail: { ...fail },
      queue: { ...queue },
      ...copyCompute(compute),
      cacheHit: { ...cacheHit },
      cacheMiss: { ...cacheMiss },
      batches: [...byBatchSize]
        .toSorted(([a], [b]) => a - b)
        .map(([batchSize, tallies]): BatchStatistic => ({ batchSize, ...copyCompute(tallies) })),
    }),
  };
}

function emptyTally(): Tally {
  return { count: 0, totalMs: 0 };
}

function emptyComputeTallies(): ComputeTallies {
  return { computeInput: emptyTally(), computeInfer: emptyTally(), computeOutput: emptyTally() };
}

function add(tally: Tally, durationMs: number): void {
  tally.count += 1;
  tally.totalMs += durationMs;
}

function addCompute(tallies: ComputeTallies, timings: ExecutionTimings): void {
  add(tallies.computeInput, timings.inputMs);
  add(tallies.computeInfer, timings.inferMs);
  add(tallies.computeOutput, timings.outputMs);
}

function copyCompute(tallies: ComputeTallies): Record<keyof ComputeTallies, DurationStatistic> {
  return {
    computeInput: { ...tallies.computeInput },
    computeInfer: { ...tallies.computeInfer },
    computeOutput: { ...tallies.computeOutput },
  };
}
