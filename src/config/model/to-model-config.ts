import type {
  InstanceGroup,
  ModelConfig,
  VersionPolicy,
  Warmup,
  WarmupData,
  WarmupInput,
} from '../model-config.ts';
import { type ModelConfigSource, configError } from './config-source.ts';
import { toDynamicBatching } from './dynamic-batching.ts';
import { toExecutionProviders } from './execution-providers.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { DecodedMessage } from './schema-types.ts';
import { toModelInputs, toModelOutputs } from './tensor-fields.ts';

type Decoded = DecodedMessage<'ModelConfig'>;

/**
 * Checks the decoded fields against each other and puts them in Headway's terms.
 * @throws HeadwayError `invalid_argument` for values that contradict each other, `unimplemented`
 * for a platform there is no backend for.
 */
export function toModelConfig(decoded: Decoded, source: ModelConfigSource): ModelConfig {
  if (decoded.name !== '' && decoded.name !== source.modelName) {
    throw configError(
      source,
      0,
      `name is '${decoded.name}', but the model's folder is '${source.modelName}'; they must be equal.`,
    );
  }
  return deepFreeze({
    name: source.modelName,
    backend: toBackend(decoded, source),
    maxBatchSize: decoded.max_batch_size,
    inputs: toModelInputs(decoded.input, source),
    outputs: toModelOutputs(decoded.output, source),
    versionPolicy: toVersionPolicy(decoded.version_policy, source),
    instanceGroups: toInstanceGroups(decoded.instance_group, source),
    scheduling: toDynamicBatching(decoded.dynamic_batching, decoded.max_batch_size, source),
    responseCache: decoded.response_cache?.enable ?? false,
    warmups: decoded.model_warmup.map((warmup) => toWarmup(warmup, source)),
    defaultModelFilename: toFilename(decoded.default_model_filename, source),
    graphLevel: decoded.optimization?.graph?.level ?? 0,
    executionProviders: toExecutionProviders(decoded.optimization?.execution_accelerators, source),
    parameters: Object.fromEntries(
      [...decoded.parameters].map(([key, value]) => [key, value.string_value]),
    ),
    metricTags: Object.fromEntries(decoded.metric_tags),
    source: decoded.source === '' ? undefined : decoded.source,
  });
}

const defaultBackend = 'onnxruntime';
const onnxruntimePlatform = 'onnxruntime_onnx';

function toBackend({ platform, backend }: Decoded, source: ModelConfigSource): string {
  const unsupported = (text: string): Error => configError(source, 0, text, 'unimplemented');
  if (platform === 'ensemble') {
    throw unsupported("platform 'ensemble' (graphs of models) is not supported yet.");
  }
  if (platform !== '' && platform !== onnxruntimePlatform) {
    throw unsupported(`platform '${platform}' is not supported; use '${onnxruntimePlatform}'.`);
  }
  if (platform !== '' && backend !== '' && backend !== defaultBackend) {
    throw configError(source, 0, `platform '${platform}' does not belong to backend '${backend}'.`);
  }
  if (backend !== '') return backend;
  return platform === '' ? (source.defaultBackend ?? defaultBackend) : defaultBackend;
}

function toVersionPolicy(
  decoded: DecodedMessage<'VersionPolicy'> | undefined,
  source: ModelConfigSource,
): VersionPolicy {
  if (decoded === undefined) return { kind: 'latest', count: 1 };
  const { latest, all, specific, line } = decoded;
  const given = [latest, all, specific].filter((choice) => choice !== undefined);
  if (given.length > 1) {
    throw configError(source, line, 'version_policy takes one of latest, all and specific.');
  }
  if (all !== undefined) return { kind: 'all' };
  if (specific !== undefined) return { kind: 'specific', versions: specific.versions };
  return { kind: 'latest', count: latest?.num_versions || 1 };
}

function toInstanceGroups(
  decoded: Decoded['instance_group'],
  source: ModelConfigSource,
): readonly InstanceGroup[] {
  if (decoded.length === 0) {
    return [{ name: `${source.modelName}_0`, count: 1, kind: 'auto', gpus: [] }];
  }
  return decoded.map(({ name, count, kind, gpus, line }, index) => {
    if (gpus.length > 0 && (kind === 'cpu' || kind === 'model')) {
      throw configError(source, line, 'gpus can be listed for KIND_GPU and KIND_AUTO only.');
    }
    return { name: name || `${source.modelName}_${index}`, count: count || 1, kind, gpus };
  });
}

function toWarmup(decoded: DecodedMessage<'Warmup'>, source: ModelConfigSource): Warmup {
  return {
    name: decoded.name,
    batchSize: decoded.batch_size || 1,
    count: decoded.count || 1,
    inputs: [...decoded.inputs].map(([name, input]) => toWarmupInput(name, input, source)),
  };
}

function toWarmupInput(
  name: string,
  decoded: DecodedMessage<'WarmupInput'>,
  source: ModelConfigSource,
): WarmupInput {
  const { data_type: datatype, dims, line } = decoded;
  const fail = (text: string): Error =>
    configError(source, line, `warm-up input '${name}' ${text}`);
  if (datatype === undefined) throw fail('has no data_type.');
  const choices: WarmupData[] = [];
  if (decoded.zero_data !== undefined) choices.push({ kind: 'zero' });
  if (decoded.random_data !== undefined) choices.push({ kind: 'random' });
  if (decoded.input_data_file !== undefined) {
    choices.push({ kind: 'file', name: decoded.input_data_file });
  }
  const [data, second] = choices;
  if (data === undefined || second !== undefined) {
    throw fail('takes exactly one of zero_data, random_data and input_data_file.');
  }
  return { name, datatype, dims, data };
}

function toFilename(name: string, source: ModelConfigSource): string | undefined {
  if (name === '') return undefined;
  if (/^[^/\\\0]{1,255}$/.test(name) && name !== '.' && name !== '..') return name;
  throw configError(
    source,
    0,
    'default_model_filename must be the plain name of a file in the version folder.',
  );
}
