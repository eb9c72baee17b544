import type { ModelStatistics } from '../../../metrics/model-statistics.ts';
import {
  type BatchStatisticsMessage,
  type DurationMessage,
  type InferStatisticsMessage,
  type ModelStatisticsMessage,
  toStatisticsMessage,
} from '../../oip/codec/model-statistics.ts';
import {
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
  return encodeMessage(statisticsAnswer, { model_stats: statistics.map(toStatisticsMessage) });
}
