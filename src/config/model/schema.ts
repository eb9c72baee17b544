/**
 * The fields of a model's configuration file, under the names Triton gives them, message by
 * message. This table is the one place where a field's type, default, unit, range and meaning are
 * written: reading, checking and documenting follow it.
 *
 * - `type`: a scalar (`string`, `bool`, `int`, `float`, `datatype`, `enum` with its values), the
 *   name of another message, or `any` for content that is not looked at.
 * - `repeated`: a list. `map`: a map with keys of that type.
 * - `default`: the value when the field is absent; without one the field reads as `undefined`.
 *   `sameAsDefault`: another value that means the same.
 * - `effect`: `ignored` fields are known but not built: a value other than the default gives a
 *   warning. `refused` ones are known, and a model that sets them cannot be served correctly.
 * - `shorthand`: in YAML and JSON a plain value stands for a message with that one field.
 *
 * Source: `protobuf/model_config.proto` of Triton's common repository; `pad_value` and `source` are
 * Headway's own.
 */
export const modelConfigSchema = {
  ModelConfig: {
    name: { type: 'string', default: '', description: 'model name; must be the folder name' },
    platform: { type: 'string', default: '', description: 'onnxruntime_onnx' },
    backend: {
      type: 'string',
      default: '',
      description: "runtime: onnxruntime or script; as the version's file when absent",
    },
    runtime: { type: 'string', default: '', effect: 'ignored', description: 'backend library' },
    version_policy: { type: 'VersionPolicy', description: 'versions to serve; the newest one' },
    max_batch_size: {
      type: 'int',
      min: 0,
      max: 65_536,
      unit: 'items',
      description: 'largest batch; 0: dims are whole shapes and nothing is batched',
    },
    input: { type: 'Input', repeated: true, description: 'what the model takes' },
    output: { type: 'Output', repeated: true, description: 'what the model gives' },
    batch_input: { type: 'any', repeated: true, effect: 'refused', description: 'ragged batches' },
    batch_output: { type: 'any', repeated: true, effect: 'refused', description: 'ragged batches' },
    optimization: { type: 'Optimization', description: 'graph level and execution providers' },
    dynamic_batching: { type: 'DynamicBatching', description: 'queue and batching policy' },
    sequence_batching: { type: 'any', effect: 'refused', description: 'stateful sequences' },
    ensemble_scheduling: { type: 'any', effect: 'refused', description: 'graphs of models' },
    instance_group: { type: 'InstanceGroup', repeated: true, description: 'concurrent batches' },
    default_model_filename: {
      type: 'string',
      default: '',
      description: 'file in a version folder',
    },
    cc_model_filenames: { type: 'any', effect: 'ignored', description: 'files by GPU capability' },
    metric_tags: { type: 'string', map: 'string', description: 'labels added to metrics' },
    parameters: {
      type: 'Parameter',
      map: 'string',
      shorthand: 'string_value',
      description: 'options of the backend, by name',
    },
    model_warmup: { type: 'Warmup', repeated: true, description: 'requests run before readiness' },
    model_operations: { type: 'any', effect: 'refused', description: 'custom operator libraries' },
    model_transaction_policy: { type: 'TransactionPolicy', description: 'responses per request' },
    model_repository_agents: { type: 'any', effect: 'refused', description: 'load-time plug-ins' },
    response_cache: { type: 'ResponseCache', description: 'answer repeated requests from memory' },
    model_metrics: { type: 'any', effect: 'ignored', description: 'histogram buckets' },
    source: { type: 'string', description: 'where to get the model file, such as npm:… or hf:…' },
  },
  Input: {
    name: { type: 'string', default: '', description: 'tensor name' },
    data_type: { type: 'datatype', description: 'element type: TYPE_FP32 or FP32' },
    format: {
      type: 'enum',
      values: { FORMAT_NONE: 'none', FORMAT_NHWC: 'nhwc', FORMAT_NCHW: 'nchw' },
      default: 'none',
      description: 'image layout, for clients to read',
    },
    dims: { type: 'int', repeated: true, min: -1, description: 'shape without batch; -1 any' },
    reshape: { type: 'Reshape', description: 'shape the model itself takes' },
    is_shape_tensor: { type: 'bool', default: false, effect: 'ignored', description: 'TensorRT' },
    allow_ragged_batch: {
      type: 'bool',
      default: false,
      effect: 'refused',
      description: 'ragged batches',
    },
    optional: { type: 'bool', default: false, description: 'whether a request may leave it out' },
    is_non_linear_format_io: {
      type: 'bool',
      default: false,
      effect: 'ignored',
      description: 'TensorRT tensor layout',
    },
    pad_value: {
      type: 'float',
      description: 'fills variable dimensions so that requests of different shapes share a batch',
    },
  },
  Output: {
    name: { type: 'string', default: '', description: 'tensor name' },
    data_type: { type: 'datatype', description: 'element type: TYPE_FP32 or FP32' },
    dims: { type: 'int', repeated: true, min: -1, description: 'shape without batch; -1 any' },
    reshape: { type: 'Reshape', description: 'shape the model itself gives' },
    label_filename: { type: 'string', default: '', description: 'class labels, one a line' },
    is_shape_tensor: { type: 'bool', default: false, effect: 'ignored', description: 'TensorRT' },
    is_non_linear_format_io: {
      type: 'bool',
      default: false,
      effect: 'ignored',
      description: 'TensorRT tensor layout',
    },
  },
  Reshape: {
    shape: { type: 'int', repeated: true, min: -1, description: 'as many elements as dims' },
  },
  VersionPolicy: {
    latest: { type: 'LatestVersions', description: 'the newest versions' },
    all: { type: 'AllVersions', description: 'every version' },
    specific: { type: 'SpecificVersions', description: 'the versions listed' },
  },
  LatestVersions: {
    num_versions: { type: 'int', default: 1, min: 0, max: 1000, description: 'how many; 0 is 1' },
  },
  AllVersions: {},
  SpecificVersions: {
    versions: { type: 'int', repeated: true, min: 1, description: 'version numbers' },
  },
  Optimization: {
    graph: { type: 'GraphOptimization', description: 'graph rewriting by the runtime' },
    priority: {
      type: 'enum',
      values: { PRIORITY_DEFAULT: 'default', PRIORITY_MAX: 'max', PRIORITY_MIN: 'min' },
      default: 'default',
      effect: 'ignored',
      description: 'GPU stream priority',
    },
    cuda: { type: 'any', effect: 'ignored', description: 'CUDA graphs' },
    execution_accelerators: { type: 'Accelerators', description: 'execution providers' },
    input_pinned_memory: { type: 'PinnedMemory', description: 'copies through pinned memory' },
    output_pinned_memory: { type: 'PinnedMemory', description: 'copies through pinned memory' },
    gather_kernel_buffer_threshold: {
      type: 'int',
      default: 0,
      min: 0,
      effect: 'ignored',
      description: 'GPU gathering',
    },
    eager_batching: {
      type: 'bool',
      default: false,
      effect: 'ignored',
      description: 'gather before an instance is free',
    },
  },
  GraphOptimization: {
    level: {
      type: 'int',
      default: 0,
      min: -1,
      max: 2,
      description: '0 all, 1 extended, -1 basic, 2 off',
    },
  },
  Accelerators: {
    gpu_execution_accelerator: { type: 'Accelerator', repeated: true, description: 'on a GPU' },
    cpu_execution_accelerator: { type: 'Accelerator', repeated: true, description: 'on the CPU' },
  },
  Accelerator: {
    name: { type: 'string', default: '', description: 'tensorrt, cuda or openvino' },
    parameters: { type: 'string', map: 'string', description: 'options of the provider' },
  },
  PinnedMemory: {
    enable: { type: 'bool', default: true, effect: 'ignored', description: 'whether to' },
  },
  DynamicBatching: {
    preferred_batch_size: {
      type: 'int',
      repeated: true,
      min: 1,
      unit: 'items',
      description: 'batch sizes worth sending before the delay is over',
    },
    max_queue_delay_microseconds: {
      type: 'int',
      default: 0,
      min: 0,
      unit: 'µs',
      description: 'longest wait for a fuller batch while an instance is free',
    },
    preserve_ordering: {
      type: 'bool',
      default: false,
      description: 'answer in the order of the requests',
    },
    priority_levels: { type: 'int', default: 0, min: 0, max: 1000, description: '1 is highest' },
    default_priority_level: {
      type: 'int',
      default: 0,
      min: 0,
      description: 'level of requests without a priority; required with priority_levels',
    },
    default_queue_policy: { type: 'QueuePolicy', description: 'policy of every level' },
    priority_queue_policy: { type: 'QueuePolicy', map: 'int', description: 'policy by level' },
  },
  QueuePolicy: {
    timeout_action: {
      type: 'enum',
      values: { REJECT: 'reject', DELAY: 'delay' },
      default: 'reject',
      description: 'what happens to a request that waited too long',
    },
    default_timeout_microseconds: {
      type: 'int',
      default: 0,
      min: 0,
      unit: 'µs',
      description: 'longest wait; 0 for no limit',
    },
    allow_timeout_override: {
      type: 'bool',
      default: false,
      description: "whether a request's own timeout may be longer than the default one",
    },
    max_queue_size: {
      type: 'int',
      default: 0,
      min: 0,
      unit: 'requests',
      description: "requests that may wait; 0 for the server's limit (1024)",
    },
  },
  InstanceGroup: {
    name: { type: 'string', default: '', description: 'name of the group' },
    kind: {
      type: 'enum',
      values: { KIND_AUTO: 'auto', KIND_GPU: 'gpu', KIND_CPU: 'cpu', KIND_MODEL: 'model' },
      default: 'auto',
      description: 'device the instances run on',
    },
    count: { type: 'int', default: 1, min: 0, max: 1024, description: 'instances; 0 is 1' },
    gpus: { type: 'int', repeated: true, min: 0, description: 'GPU numbers' },
    rate_limiter: { type: 'RateLimiter', description: 'resources shared between models' },
    secondary_devices: { type: 'any', repeated: true, effect: 'ignored', description: 'NVDLA' },
    profile: { type: 'any', repeated: true, effect: 'ignored', description: 'TensorRT profiles' },
    passive: { type: 'bool', default: false, effect: 'ignored', description: 'takes no requests' },
    host_policy: { type: 'string', default: '', effect: 'ignored', description: 'NUMA placement' },
  },
  RateLimiter: {
    resources: { type: 'any', repeated: true, effect: 'refused', description: 'rate limiter' },
    priority: {
      type: 'int',
      default: 0,
      min: 0,
      sameAsDefault: 1,
      effect: 'refused',
      description: 'rate limiter',
    },
  },
  Parameter: {
    string_value: { type: 'string', default: '', description: 'the value' },
  },
  Warmup: {
    name: { type: 'string', default: '', description: 'name of the request' },
    batch_size: { type: 'int', default: 1, min: 0, max: 65_536, description: 'items; 0 is 1' },
    count: { type: 'int', default: 1, min: 0, max: 10_000, description: 'repetitions; 0 is 1' },
    inputs: { type: 'WarmupInput', map: 'string', description: 'inputs, by name' },
  },
  WarmupInput: {
    data_type: { type: 'datatype', description: 'element type' },
    dims: { type: 'int', repeated: true, min: 1, description: 'shape without batch' },
    zero_data: { type: 'bool', description: 'all zero' },
    random_data: { type: 'bool', description: 'random; zero for strings' },
    input_data_file: { type: 'string', description: "raw file in the model's warmup folder" },
  },
  TransactionPolicy: {
    decoupled: {
      type: 'bool',
      default: false,
      effect: 'refused',
      description: 'any number of responses to a request',
    },
  },
  ResponseCache: {
    enable: { type: 'bool', default: false, description: 'whether to' },
  },
} as const;
