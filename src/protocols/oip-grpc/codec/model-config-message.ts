import {
  type MessageTable,
  bool,
  encodeMessage,
  enumOf,
  field,
  int64,
  mapOf,
  nested,
  optional,
  packed,
  repeated,
  text,
  uint64,
} from './message.ts';

/** A message in Triton's JSON form: its field names, enums as names. */
type JsonTable = MessageTable<Readonly<Record<string, unknown>>>;

const dataType = enumOf(
  'TYPE_INVALID',
  'TYPE_BOOL',
  'TYPE_UINT8',
  'TYPE_UINT16',
  'TYPE_UINT32',
  'TYPE_UINT64',
  'TYPE_INT8',
  'TYPE_INT16',
  'TYPE_INT32',
  'TYPE_INT64',
  'TYPE_FP16',
  'TYPE_FP32',
  'TYPE_FP64',
  'TYPE_STRING',
  'TYPE_BF16',
);

const nestedJson = (name: string, table: JsonTable): ReturnType<typeof nested> =>
  nested(name, table);

const reshape = optional(5, nestedJson('ModelTensorReshape', { shape: packed(1) }));

const input: JsonTable = {
  name: field(1, text),
  data_type: field(2, dataType),
  format: field(3, enumOf('FORMAT_NONE', 'FORMAT_NHWC', 'FORMAT_NCHW')),
  dims: packed(4),
  reshape,
  is_shape_tensor: field(6, bool),
  allow_ragged_batch: field(7, bool),
  optional: field(8, bool),
};

const output: JsonTable = {
  name: field(1, text),
  data_type: field(2, dataType),
  dims: packed(3),
  label_filename: field(4, text),
  reshape,
  is_shape_tensor: field(6, bool),
};

const versionPolicy: JsonTable = {
  latest: optional(1, nestedJson('Latest', { num_versions: field(1, uint64) })),
  all: optional(2, nestedJson('All', {})),
  specific: optional(3, nestedJson('Specific', { versions: packed(1) })),
};

const accelerator = nestedJson('Accelerator', {
  name: field(1, text),
  parameters: mapOf(2, text),
});

const pinnedMemory = nestedJson('PinnedMemoryBuffer', { enable: field(1, bool) });

const optimization: JsonTable = {
  graph: optional(1, nestedJson('Graph', { level: field(1, int64) })),
  priority: field(2, enumOf('PRIORITY_DEFAULT', 'PRIORITY_MAX', 'PRIORITY_MIN')),
  execution_accelerators: optional(
    4,
    nestedJson('ExecutionAccelerators', {
      gpu_execution_accelerator: repeated(1, accelerator),
      cpu_execution_accelerator: repeated(2, accelerator),
    }),
  ),
  input_pinned_memory: optional(5, pinnedMemory),
  output_pinned_memory: optional(6, pinnedMemory),
  gather_kernel_buffer_threshold: field(7, uint64),
  eager_batching: field(8, bool),
};

const queuePolicy = nestedJson('ModelQueuePolicy', {
  timeout_action: field(1, enumOf('REJECT', 'DELAY')),
  default_timeout_microseconds: field(2, uint64),
  allow_timeout_override: field(3, bool),
  max_queue_size: field(4, uint64),
});

const dynamicBatching: JsonTable = {
  preferred_batch_size: packed(1),
  max_queue_delay_microseconds: field(2, uint64),
  preserve_ordering: field(3, bool),
  priority_levels: field(4, uint64),
  default_priority_level: field(5, uint64),
  default_queue_policy: optional(6, queuePolicy),
  priority_queue_policy: mapOf(7, queuePolicy, 'integer'),
};

const instanceGroup: JsonTable = {
  name: field(1, text),
  count: field(2, int64),
  gpus: packed(3),
  kind: field(4, enumOf('KIND_AUTO', 'KIND_GPU', 'KIND_CPU', 'KIND_MODEL')),
  profile: repeated(5, text),
  passive: field(7, bool),
  host_policy: field(9, text),
};

const warmup: JsonTable = {
  name: field(1, text),
  batch_size: field(2, uint64),
  inputs: mapOf(
    3,
    nestedJson('Input', {
      data_type: field(1, dataType),
      dims: packed(2),
      zero_data: optional(3, bool),
      random_data: optional(4, bool),
      input_data_file: optional(5, text),
    }),
  ),
  count: field(4, uint64),
};

const modelConfig: JsonTable = {
  name: field(1, text),
  platform: field(2, text),
  version_policy: optional(3, nestedJson('ModelVersionPolicy', versionPolicy)),
  max_batch_size: field(4, int64),
  input: repeated(5, nestedJson('ModelInput', input)),
  output: repeated(6, nestedJson('ModelOutput', output)),
  instance_group: repeated(7, nestedJson('ModelInstanceGroup', instanceGroup)),
  default_model_filename: field(8, text),
  cc_model_filenames: mapOf(9, text),
  metric_tags: mapOf(10, text),
  dynamic_batching: optional(11, nestedJson('ModelDynamicBatching', dynamicBatching)),
  optimization: optional(12, nestedJson('ModelOptimizationPolicy', optimization)),
  parameters: mapOf(14, nestedJson('ModelParameter', { string_value: field(1, text) })),
  model_warmup: repeated(16, nestedJson('ModelWarmup', warmup)),
  backend: field(17, text),
  response_cache: optional(24, nestedJson('ModelResponseCache', { enable: field(1, bool) })),
};

export interface ModelConfigAnswer {
  readonly config: Readonly<Record<string, unknown>> | undefined;
}

export const modelConfigAnswer: MessageTable<ModelConfigAnswer> = {
  config: optional(1, nested<Readonly<Record<string, unknown>>>('ModelConfig', modelConfig)),
};

/**
 * The answer to ModelConfig.
 * @param config in Triton's JSON form; fields that Triton's message does not have are left out.
 */
export function encodeModelConfigAnswer(config: Readonly<Record<string, unknown>>): Uint8Array {
  return encodeMessage(modelConfigAnswer, { config });
}
