import { datatypes } from '../../../core/datatype.ts';
import type { JsonSchema } from './operation.ts';

/** Refers to a schema of the document by its name. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A list of what a schema describes. */
export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

const text = { type: 'string' };
const truth = { type: 'boolean' };
const count = { type: 'integer', minimum: 0 };
const duration = ref('Duration');
const parameters = ref('Parameters');
const datatype = ref('Datatype');
const shape = { type: 'array', items: { type: 'integer', minimum: 0 } };
const data = {
  type: 'array',
  description: 'elements in row-major order, flat or nested; FP16 and BF16 have no JSON form',
};

function record(
  properties: Readonly<Record<string, JsonSchema>>,
  { optional = [], isOpen = false }: { optional?: readonly string[]; isOpen?: boolean } = {},
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(isOpen ? {} : { additionalProperties: false }),
  };
}

/** Parameters of a tensor: some that the protocol knows, and the client's own. */
const tensorParameters = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema =>
  record(properties, { optional: Object.keys(properties), isOpen: true });

const sharedMemoryParameters = {
  shared_memory_region: { ...text, description: 'registered region that holds the bytes' },
  shared_memory_byte_size: count,
  shared_memory_offset: count,
};

/** The schemas that operations refer to, by name. */
export const schemas: Readonly<Record<string, JsonSchema>> = {
  Error: record({ error: { ...text, description: 'what is wrong and how to mend it' } }),
  ServerMetadata: record({ name: text, version: text, extensions: listOf(text) }),
  Datatype: { type: 'string', enum: [...datatypes] },
  TensorMetadata: record({
    name: text,
    datatype,
    shape: {
      type: 'array',
      items: { type: 'integer', minimum: -1 },
      description: 'batch dimension included; -1 for any size',
    },
  }),
  ModelMetadata: record({
    name: text,
    versions: listOf(text),
    platform: text,
    inputs: listOf(ref('TensorMetadata')),
    outputs: listOf(ref('TensorMetadata')),
  }),
  ModelFiles: record({
    name: text,
    version: text,
    files: listOf(
      record({
        path: { ...text, description: "from the model's folder" },
        size_bytes: count,
        sha256: { ...text, description: 'of the contents, in hexadecimal' },
      }),
    ),
  }),
  ModelConfig: {
    ...record({ name: text, max_batch_size: count }, { isOpen: true }),
    description: "the completed config, in the JSON form of Triton's ModelConfig message",
  },
  Parameters: {
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean'] },
  },
  RequestParameters: {
    description: "those below, and the model's own",
    ...tensorParameters({
      binary_data_output: { ...truth, description: 'form of outputs that are not listed' },
      priority: { ...count, description: "1 is the highest; 0 for the model's default" },
      timeout: { ...count, description: 'longest wait for the model, in microseconds' },
    }),
  },
  InferInput: record(
    {
      name: text,
      datatype,
      shape,
      parameters: tensorParameters({ binary_data_size: count, ...sharedMemoryParameters }),
      data,
    },
    { optional: ['parameters', 'data'], isOpen: true },
  ),
  InferRequestedOutput: record(
    {
      name: text,
      parameters: tensorParameters({
        binary_data: truth,
        classification: { ...count, description: 'classes to answer instead of the tensor' },
        ...sharedMemoryParameters,
      }),
    },
    { optional: ['parameters'], isOpen: true },
  ),
  InferRequest: record(
    {
      id: text,
      parameters: ref('RequestParameters'),
      inputs: listOf(ref('InferInput')),
      outputs: {
        ...listOf(ref('InferRequestedOutput')),
        description: 'all outputs when there are none',
      },
    },
    { optional: ['id', 'parameters', 'outputs'], isOpen: true },
  ),
  InferOutput: record(
    { name: text, datatype, shape, parameters, data },
    { optional: ['parameters', 'data'] },
  ),
  InferResponse: record(
    {
      id: text,
      model_name: text,
      model_version: text,
      parameters,
      outputs: listOf(ref('InferOutput')),
    },
    { optional: ['id', 'parameters'] },
  ),
  Duration: record({ count, ns: { ...count, description: 'total, in nanoseconds' } }),
  ModelStatistics: record({
    name: text,
    version: text,
    last_inference: { ...count, description: 'milliseconds since 1970' },
    inference_count: { ...count, description: 'items: a batch of 8 counts 8' },
    execution_count: { ...count, description: 'runs: a batch of 8 counts 1' },
    inference_stats: record({
      success: duration,
      fail: duration,
      queue: duration,
      compute_input: duration,
      compute_infer: duration,
      compute_output: duration,
      cache_hit: duration,
      cache_miss: duration,
    }),
    batch_stats: listOf(
      record({
        batch_size: count,
        compute_input: duration,
        compute_infer: duration,
        compute_output: duration,
      }),
    ),
    memory_usage: listOf({}),
    response_stats: { type: 'object' },
  }),
  StatisticsAnswer: record({ model_stats: listOf(ref('ModelStatistics')) }),
  IndexRequest: record(
    { ready: { ...truth, description: 'only models in service' } },
    { optional: ['ready'], isOpen: true },
  ),
  IndexEntry: record(
    {
      name: text,
      version: text,
      state: { type: 'string', enum: ['READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING'] },
      reason: text,
    },
    { optional: ['version', 'state', 'reason'] },
  ),
  LoadRequest: record(
    {
      parameters: {
        type: 'object',
        properties: {
          config: { ...text, description: 'a config in JSON, instead of the one on disk' },
        },
        patternProperties: {
          '^file:': { ...text, description: 'base64 of a file, named file:<version>/<name>' },
        },
        additionalProperties: false,
      },
    },
    { optional: ['parameters'], isOpen: true },
  ),
  UnloadRequest: record(
    { parameters: record({ unload_dependents: truth }, { optional: ['unload_dependents'] }) },
    { optional: ['parameters'], isOpen: true },
  ),
};
