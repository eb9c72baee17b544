import type {
  BatchStatistic,
  DurationStatistic,
  ModelStatistics,
} from '../../../metrics/model-statistics.ts';

/** A count and the nanoseconds it took in all; beyond the safe integers they are read as bigint. */
export interface DurationMessage {
  readonly count: number | bigint;
  readonly ns: number | bigint;
}

export interface BatchStatisticsMessage {
  readonly batch_size: number | bigint;
  readonly compute_input: DurationMessage | undefined;
  readonly compute_infer: DurationMessage | undefined;
  readonly compute_output: DurationMessage | undefined;
}

export interface InferStatisticsMessage {
  readonly success: DurationMessage | undefined;
  readonly fail: DurationMessage | undefined;
  readonly queue: DurationMessage | undefined;
  readonly compute_input: DurationMessage | undefined;
  readonly compute_infer: DurationMessage | undefined;
  readonly compute_output: DurationMessage | undefined;
  readonly cache_hit: DurationMessage | undefined;
  readonly cache_miss: DurationMessage | undefined;
}

/** What is told of one model version, under the protocol's names, which JSON and gRPC share. */
export interface ModelStatisticsMessage {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the Unix epoch. */
  readonly last_inference: number | bigint;
  readonly inference_count: number | bigint;
  readonly execution_count: number | bigint;
  readonly inference_stats: InferStatisticsMessage | undefined;
  readonly batch_stats: readonly BatchStatisticsMessage[];
}

/** Puts statistics in the protocol's names and units; every number fits a double. */
export function toStatisticsMessage(it: ModelStatistics): ModelStatisticsMessage {
  return {
    name: it.name,
    version: String(it.version),
    last_inference: Math.round(it.lastInferenceEpochMs),
    inference_count: it.inferenceCount,
    execution_count: it.executionCount,
    inference_stats: {
      success: toDuration(it.success),
      fail: toDuration(it.fail),
      queue: toDuration(it.queue),
      compute_input: toDuration(it.computeInput),
      compute_infer: toDuration(it.computeInfer),
      compute_output: toDuration(it.computeOutput),
      cache_hit: toDuration(it.cacheHit),
      cache_miss: toDuration(it.cacheMiss),
    },
    batch_stats: it.batches.map(toBatch),
  };
}

function toBatch(it: BatchStatistic): BatchStatisticsMessage {
  return {
    batch_size: it.batchSize,
    compute_input: toDuration(it.computeInput),
    compute_infer: toDuration(it.computeInfer),
    compute_output: toDuration(it.computeOutput),
  };
}

function toDuration({ count, totalMs }: DurationStatistic): DurationMessage {
  return { count, ns: Math.round(totalMs * 1e6) };
}
