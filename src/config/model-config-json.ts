import type { Datatype } from '../core/datatype.ts';
import type {
  DynamicBatching,
  InstanceGroup,
  ModelConfig,
  ModelInput,
  ModelOutput,
  QueuePolicy,
  VersionPolicy,
  Warmup,
  WarmupData,
} from './model-config.ts';

type Json = Record<string, unknown>;

const formatNames = { none: 'FORMAT_NONE', nhwc: 'FORMAT_NHWC', nchw: 'FORMAT_NCHW' } as const;
const kindNames = {
  auto: 'KIND_AUTO',
  cpu: 'KIND_CPU',
  gpu: 'KIND_GPU',
  model: 'KIND_MODEL',
} as const satisfies Record<InstanceGroup['kind'], string>;

/**
 * A completed configuration in the JSON form Triton answers with: its field names, enums as names,
 * integers as numbers. Reading it back with `parseModelConfigJson` gives the same configuration,
 * except that instances of kind `auto` come out with the device they run on.
 */
export function modelConfigToJson(config: ModelConfig): Json {
  const maxBatchSize = config.maxBatchSize ?? 0;
  const batching = { dynamic_batching: dynamicBatchingJson(config.scheduling) };
  return {
    name: config.name,
    platform: config.backend === 'onnxruntime' ? 'onnxruntime_onnx' : '',
    backend: config.backend,
    version_policy: versionPolicyJson(config.versionPolicy),
    max_batch_size: maxBatchSize,
    input: config.inputs.map(inputJson),
    output: config.outputs.map(outputJson),
    batch_input: [],
    batch_output: [],
    optimization: optimizationJson(config),
    ...(maxBatchSize > 0 || hasQueueSettings(config.scheduling) ? batching : {}),
    instance_group: config.instanceGroups.map((group) => instanceGroupJson(group, config)),
    default_model_filename: config.defaultModelFilename ?? '',
    cc_model_filenames: {},
    metric_tags: config.metricTags,
    parameters: mapValues(config.parameters, (value) => ({ string_value: value })),
    model_warmup: config.warmups.map(warmupJson),
    ...(config.responseCache ? { response_cache: { enable: true } } : {}),
    ...(config.source === undefined ? {} : { source: config.source }),
  };
}

function dataTypeName(datatype: Datatype): string {
  return datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`;
}

function tensorJson(tensor: ModelInput | ModelOutput): Json {
  return {
    name: tensor.name,
    data_type: dataTypeName(tensor.datatype),
    dims: tensor.dims,
    ...(tensor.reshape === undefined ? {} : { reshape: { shape: tensor.reshape } }),
    is_shape_tensor: false,
  };
}

function inputJson(input: ModelInput): Json {
  return {
    ...tensorJson(input),
    format: formatNames[input.format ?? 'none'],
    allow_ragged_batch: false,
    optional: input.optional,
    ...(input.padValue === undefined ? {} : { pad_value: input.padValue }),
  };
}

function outputJson(output: ModelOutput): Json {
  return { ...tensorJson(output), label_filename: output.labelFilename ?? '' };
}

function versionPolicyJson(policy: VersionPolicy): Json {
  switch (policy.kind) {
    case 'latest':
      return { latest: { num_versions: policy.count } };
    case 'all':
      return { all: {} };
    case 'specific':
      return { specific: { versions: policy.versions } };
  }
}

function optimizationJson(config: ModelConfig): Json {
  const accelerators = (onCpu: boolean): readonly Json[] =>
    config.executionProviders
      .filter(({ name }) => (name === 'openvino') === onCpu)
      .map(({ name, options }) => ({ name, parameters: options }));
  const execution = {
    execution_accelerators: {
      gpu_execution_accelerator: accelerators(false),
      cpu_execution_accelerator: accelerators(true),
    },
  };
  return {
    priority: 'PRIORITY_DEFAULT',
    ...(config.graphLevel === 0 ? {} : { graph: { level: config.graphLevel } }),
    ...(config.executionProviders.length === 0 ? {} : execution),
    input_pinned_memory: { enable: true },
    output_pinned_memory: { enable: true },
    gather_kernel_buffer_threshold: 0,
    eager_batching: false,
  };
}

// The queue of a model without batches counts too; it is shown where it holds more than defaults.
function hasQueueSettings(scheduling: DynamicBatching): boolean {
  const { priorityLevels, preserveOrdering, defaultQueuePolicy: policy } = scheduling;
  const hasPolicy = policy.defaultTimeoutMicroseconds > 0 || policy.timeoutAction !== 'reject';
  return priorityLevels > 0 || preserveOrdering || hasPolicy;
}

function dynamicBatchingJson(scheduling: DynamicBatching): Json {
  return {
    preferred_batch_size: scheduling.preferredBatchSizes,
    max_queue_delay_microseconds: scheduling.maxQueueDelayMicroseconds,
    preserve_ordering: scheduling.preserveOrdering,
    priority_levels: scheduling.priorityLevels,
    default_priority_level: scheduling.defaultPriorityLevel,
    default_queue_policy: queuePolicyJson(scheduling.defaultQueuePolicy),
    priority_queue_policy: Object.fromEntries(
      [...scheduling.priorityQueuePolicies].map(([level, policy]) => [
        level,
        queuePolicyJson(policy),
      ]),
    ),
  };
}

function queuePolicyJson(policy: QueuePolicy): Json {
  return {
    timeout_action: policy.timeoutAction === 'reject' ? 'REJECT' : 'DELAY',
    default_timeout_microseconds: policy.defaultTimeoutMicroseconds,
    allow_timeout_override: policy.allowTimeoutOverride,
    max_queue_size: policy.maxQueueSize,
  };
}

function instanceGroupJson(group: InstanceGroup, config: ModelConfig): Json {
  const onGpu = config.executionProviders.some(({ name }) => name !== 'openvino');
  const kind = group.kind === 'auto' ? (onGpu ? 'gpu' : 'cpu') : group.kind;
  return {
    name: group.name,
    kind: kindNames[kind],
    count: group.count,
    gpus: kind === 'cpu' ? [] : group.gpus,
    secondary_devices: [],
    profile: [],
    passive: false,
    host_policy: '',
  };
}

function warmupJson(warmup: Warmup): Json {
  const inputs = warmup.inputs.map(({ name, datatype, dims, data }) => [
    name,
    { data_type: dataTypeName(datatype), dims, ...warmupDataJson(data) },
  ]);
  return {
    name: warmup.name,
    batch_size: warmup.batchSize,
    count: warmup.count,
    inputs: Object.fromEntries(inputs),
  };
}

function warmupDataJson(data: WarmupData): Json {
  switch (data.kind) {
    case 'zero':
      return { zero_data: true };
    case 'random':
      return { random_data: true };
    case 'file':
      return { input_data_file: data.name };
  }
}

function mapValues<In, Out>(
  record: Readonly<Record<string, In>>,
  map: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
