import type { TensorSpec } from '../../../core/tensor.ts';
import type {
  BatchStatistic,
  DurationStatistic,
  ModelStatistics,
} from '../../../metrics/model-statistics.ts';
import type { IndexEntry } from '../../../repository/repository.ts';
import type { ModelMetadata, ServerMetadata } from '../../../server/interface.ts';

/** The answer to `GET /v2`. */
export function encodeServerMetadata({ name, version, extensions }: ServerMetadata): string {
  return JSON.stringify({ name, version, extensions });
}

/** The answer to `GET /v2/models/{model}`; shapes include the batch dimension as -1. */
export function encodeModelMetadata(metadata: ModelMetadata): string {
  const { name, versions, platform, inputs, outputs } = metadata;
  return JSON.stringify({
    name,
    versions,
    platform,
    inputs: inputs.map(toTensorMetadata),
    outputs: outputs.map(toTensorMetadata),
  });
}

function toTensorMetadata({ name, datatype, shape }: TensorSpec): object {
  return { name, datatype, shape };
}

/** The answer to `POST /v2/repository/index`: what is not known of an entry is left out. */
export function encodeRepositoryIndex(entries: readonly IndexEntry[]): string {
  return JSON.stringify(
    entries.map(({ name, version, state, reason }) => {
      const found = version === undefined ? {} : { version: String(version) };
      return state === undefined ? { name } : { name, ...found, state, reason };
    }),
  );
}

/** The answer to `GET /v2/models/…/stats`; durations in nanoseconds. */
export function encodeStatistics(statistics: readonly ModelStatistics[]): string {
  return JSON.stringify({ model_stats: statistics.map(toModelStats) });
}

function toModelStats(it: ModelStatistics): object {
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
    batch_stats: it.batches.map(toBatchStats),
    memory_usage: [],
    response_stats: {},
  };
}

function toBatchStats(it: BatchStatistic): object {
  return {
    batch_size: it.batchSize,
    compute_input: toDuration(it.computeInput),
    compute_infer: toDuration(it.computeInfer),
    compute_output: toDuration(it.computeOutput),
  };
}

function toDuration({ count, totalMs }: DurationStatistic): object {
  return { count, ns: Math.round(totalMs * 1e6) };
}
