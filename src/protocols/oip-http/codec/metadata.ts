import type { TensorSpec } from '../../../core/tensor.ts';
import type { ModelStatistics } from '../../../metrics/model-statistics.ts';
import type { IndexEntry } from '../../../repository/repository.ts';
import type { ModelFiles, ModelMetadata, ServerMetadata } from '../../../server/interface.ts';
import { toStatisticsMessage } from '../../oip/codec/model-statistics.ts';

/** What only HTTP has. */
const ownExtensions = ['model_files'];

/** The answer to `GET /v2`. */
export function encodeServerMetadata({ name, version, extensions }: ServerMetadata): string {
  return JSON.stringify({ name, version, extensions: [...extensions, ...ownExtensions] });
}

/** The answer to `GET /v2/models/{model}/files`. */
export function encodeModelFiles({ name, version, files }: ModelFiles): string {
  return JSON.stringify({
    name,
    version,
    files: files.map(({ path, sizeBytes, sha256 }) => ({ path, size_bytes: sizeBytes, sha256 })),
  });
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
  return JSON.stringify({
    model_stats: statistics.map((one) => ({
      ...toStatisticsMessage(one),
      memory_usage: [],
      response_stats: {},
    })),
  });
}
