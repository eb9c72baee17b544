import type {
  BatchStatistic,
  DurationStatistic,
  ModelStatistics,
} from '../../../metrics/model-statistics.ts';
import {
  type Integer,
  type MessageTable,
  type WireType,
  encodeMessage,
  field,
  nested,
  optional,
  repeated,
  text,
  uint64,
} from './message.ts';

export interface DurationMessage {
  readonly count: Integer;
  readonly ns: Integer;
}

export interface BatchStatisticsMessage {
  readonly batch_size: Integer;
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

export interface ModelStatisticsMessage {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the Unix epoch. */
  readonly last_inference: Integer;
  readonly inference_count: Integer;
  readonly execution_count: Integer;
  readonly inference_stats: InferStatisticsMessage | undefined;
  readonly batch_stats: readonly BatchStatisticsMessage[];
}

export interface StatisticsAnswer {
  readonly model_stats: readonly ModelStatisticsMessage[];
}

const duration: WireType<DurationMessage> = nested<DurationMessage>('StatisticDuration', {
  count: field(1, uint64),
  ns: field(2, uint64),
});

export const statisticsAnswer: MessageTable<StatisticsAnswer> = {
  model_stats: repeated(
    1,
    nested<ModelStatisticsMessage>('ModelStatistics', {
      name: field(1, text),
      version: field(2, text),
      last_inference: field(3, uint64),
      inference_count: field(4, uint64),
      execution_count: field(5, uint64),
      inference_stats: optional(
        6,
        nested<InferStatisticsMessage>('InferStatistics', {
          success: optional(1, duration),
          fail: optional(2, duration),
          queue: optional(3, duration),
          compute_input: optional(4, duration),
          compute_infer: optional(5, duration),
          compute_output: optional(6, duration),
          cache_hit: optional(7, duration),
          cache_miss: optional(8, duration),
        }),
      ),
      batch_stats: repeated(
        7,
        nested<BatchStatisticsMessage>('InferBatchStatistics', {
          batch_size: field(1, uint64),
          compute_input: optional(2, duration),
          compute_infer: optional(3, duration),
          compute_output: optional(4, duration),
        }),
      ),
    }),
  ),
};

/** The answer to ModelStatistics; durations in nanoseconds. */
export function encodeStatisticsAnswer(statistics: readonly ModelStatistics[]): Uint8Array {
  return encodeMessage(statisticsAnswer, { model_stats: statistics.map(toMessage) });
}

function toMessage(it: ModelStatistics): ModelStatisticsMessage {
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
