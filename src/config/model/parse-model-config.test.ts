import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, HeadwayError } from '../../core/error.ts';
import type { ModelConfig } from '../model-config.ts';
import type { ModelConfigSource } from './config-source.ts';
import {
  emptyModelConfig,
  parseModelConfigJson,
  parseModelConfigPbtxt,
} from './parse-model-config.ts';
import { parseModelConfigYaml } from './parse-model-config-yaml.ts';

function sourceOf(file: string): ModelConfigSource & { readonly warnings: string[] } {
  const warnings: string[] = [];
  const warn = (message: string): number => warnings.push(message);
  return { modelName: 'net', file, defaultMaxQueueSize: 1024, warn, warnings };
}

const parse = (text: string): ModelConfig => parseModelConfigPbtxt(text, sourceOf('config.pbtxt'));

function refuses(run: () => unknown, text: RegExp, code: ErrorCode = 'invalid_argument'): void {
  assert.throws(run, { code, message: text });
}

const whole = `
name: "net"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  { name: "x" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, 224, 224 ] },
  { name: "text" data_type: TYPE_STRING dims: [ 1 ] reshape { shape: [ ] } optional: true }
]
output { name: "y" data_type: TYPE_INT64 dims: -1 label_filename: "labels.txt" }
version_policy { specific { versions: [ 1, 3 ] } }
instance_group [ { count: 2 kind: KIND_CPU } ]
dynamic_batching {
  preferred_batch_size: [ 8, 4 ]
  max_queue_delay_microseconds: 100
  priority_levels: 3
  default_priority_level: 2
  default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 500 max_queue_size: 9 }
  priority_queue_policy { key: 1 value { allow_timeout_override: true } }
}
model_warmup { name: "w" batch_size: 2 inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3, 224, 224 ] zero_data: true } } }
response_cache { enable: true }
optimization {
  graph { level: 1 }
  execution_accelerators {
    gpu_execution_accelerator { name: "tensorrt" parameters { key: "precision_mode" value: "FP16" } parameters { key: "trt_engine_cache_enable" value: "1" } }
  }
}
default_model_filename: "net.onnx"
parameters { key: "intra_op_thread_count" value { string_value: "2" } }
metric_tags { key: "team" value: "vision" }
`;

test('parseModelConfigPbtxt() reads every field that is built', () => {
  const config = parse(whole);
  assert.equal(config.backend, 'onnxruntime');
  assert.equal(config.maxBatchSize, 8);
  assert.deepEqual(config.inputs[0], {
    name: 'x',
    datatype: 'FP32',
    dims: [3, 224, 224],
    reshape: undefined,
    optional: false,
    padValue: undefined,
    format: 'nchw',
  });
  assert.deepEqual(config.inputs[1]?.reshape, []);
  assert.equal(config.inputs[1]?.datatype, 'BYTES');
  assert.equal(config.outputs[0]?.labelFilename, 'labels.txt');
  assert.deepEqual(config.versionPolicy, { kind: 'specific', versions: [1, 3] });
  assert.deepEqual(config.instanceGroups, [{ name: 'net_0', count: 2, kind: 'cpu', gpus: [] }]);
  assert.deepEqual(config.scheduling.preferredBatchSizes, [4, 8]);
  assert.equal(config.scheduling.defaultQueuePolicy.maxQueueSize, 9);
  assert.deepEqual(config.scheduling.priorityQueuePolicies.get(1), {
    timeoutAction: 'reject',
    defaultTimeoutMicroseconds: 0,
    allowTimeoutOverride: true,
    maxQueueSize: 1024,
  });
  assert.deepEqual(config.warmups[0]?.inputs[0]?.data, { kind: 'zero' });
  assert.equal(config.warmups[0]?.count, 1);
  assert.equal(config.responseCache, true);
  assert.equal(config.graphLevel, 1);
  assert.deepEqual(config.executionProviders, [
    { name: 'tensorrt', options: { trt_fp16_enable: '1', trt_engine_cache_enable: '1' } },
  ]);
  assert.equal(config.defaultModelFilename, 'net.onnx');
  assert.deepEqual(config.parameters, { intra_op_thread_count: '2' });
  assert.deepEqual(config.metricTags, { team: 'vision' });
});

test('emptyModelConfig() leaves to the model what the model knows', () => {
  const config = emptyModelConfig(sourceOf('-'));
  assert.equal(config.maxBatchSize, undefined);
  assert.deepEqual(config.inputs, []);
  assert.equal(config.scheduling.defaultQueuePolicy.maxQueueSize, 1024);
  assert.deepEqual(config.versionPolicy, { kind: 'latest', count: 1 });
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.instanceGroups[0]));
});

test('parseModelConfigYaml() reads the same fields, and Headway’s own', () => {
  const text = `
max_batch_size: 8
input:
  - { name: x, data_type: FP32, dims: [3, 48, -1], pad_value: -1 }
output:
  - name: y
    data_type: TYPE_FP32
    dims: [-1, 97]
dynamic_batching:
instance_group: [{ count: 2 }]
parameters: { intra_op_thread_count: 2, session.use_env_allocators: '1' }
source: npm:pkg@1.0.0/x.onnx
`;
  const source = sourceOf('model.yaml');
  const config = parseModelConfigYaml(text, source);
  assert.equal(config.inputs[0]?.padValue, -1);
  assert.deepEqual(config.outputs[0]?.dims, [-1, 97]);
  assert.equal(config.instanceGroups[0]?.count, 2);
  assert.deepEqual(config.parameters, {
    intra_op_thread_count: '2',
    'session.use_env_allocators': '1',
  });
  assert.equal(config.source, 'npm:pkg@1.0.0/x.onnx');
  assert.deepEqual(source.warnings, []);
});

test('parseModelConfigJson() accepts both spellings of field names and integers as text', () => {
  const text =
    '{"maxBatchSize": 2, "input": [{"name": "x", "dataType": "TYPE_INT8", "dims": ["-1"]}]}';
  const config = parseModelConfigJson(text, sourceOf('config'));
  assert.equal(config.maxBatchSize, 2);
  assert.deepEqual(config.inputs[0]?.dims, [-1]);
});

test('an unknown field is an error with its line and the nearest known name', () => {
  refuses(
    () => parse('name: "net"\nmax_batchsize: 4'),
    /config\.pbtxt line 2: unknown field 'max_batchsize'; did you mean 'max_batch_size'\?/,
  );
  refuses(
    () => parse('dynamic_batching {\n  max_queue_delay: 5\n}'),
    /line 2: unknown field 'max_queue_delay' in 'dynamic_batching'\./,
  );
  refuses(
    () => parseModelConfigYaml('input:\n  - nam: x\n', sourceOf('model.yaml')),
    /model\.yaml line 2: unknown field 'nam' in 'input'; did you mean 'name'/,
  );
  refuses(
    () => parseModelConfigJson('{"__proto__": 1}', sourceOf('config')),
    /unknown field '__proto__'/,
  );
});

test('a known field that is not built warns with its line, and only when it says something', () => {
  const source = sourceOf('config.pbtxt');
  parseModelConfigPbtxt('\noptimization { eager_batching: true\ncuda { graphs: true } }', source);
  assert.equal(source.warnings.length, 2);
  assert.match(source.warnings[0] ?? '', /line 2: field 'optimization\.eager_batching' is known/);
  const quiet = sourceOf('config.pbtxt');
  parseModelConfigPbtxt(
    'optimization { input_pinned_memory { enable: true } priority: PRIORITY_DEFAULT }',
    quiet,
  );
  assert.deepEqual(quiet.warnings, []);
});

test('a field the model cannot be served without is refused by name', () => {
  const unimplemented = (text: string, pattern: RegExp): void =>
    refuses(() => parse(text), pattern, 'unimplemented');
  unimplemented('\n\nsequence_batching { }', /line 3: field 'sequence_batching'/);
  unimplemented('ensemble_scheduling { step { } }', /'ensemble_scheduling'/);
  unimplemented(
    'model_transaction_policy { decoupled: true }',
    /'model_transaction_policy\.decoupled'/,
  );
  unimplemented(
    'input { name: "x" data_type: TYPE_FP32 dims: 1 allow_ragged_batch: true }',
    /'input\.allow_ragged_batch' \(ragged batches\)/,
  );
  unimplemented('batch_input { kind: BATCH_ELEMENT_COUNT }', /'batch_input' \(ragged batches\)/);
  const rateLimiter = (text: string): string => `instance_group { rate_limiter { ${text} } }`;
  unimplemented(
    rateLimiter('resources { name: "R1" count: 4 }'),
    /'instance_group\.rate_limiter\.resources' \(rate limiter\)/,
  );
  unimplemented(rateLimiter('priority: 2'), /rate_limiter\.priority' \(rate limiter\)/);
  for (const text of ['', 'priority: 0', 'priority: 1']) assert.ok(parse(rateLimiter(text)));
  unimplemented('platform: "ensemble"', /graphs of models/);
  unimplemented('platform: "tensorrt_plan"', /'tensorrt_plan' is not supported/);
  assert.ok(parse('model_transaction_policy { decoupled: false }'));
});

test('values that are wrong or contradict each other are refused', () => {
  const batching = (text: string): string => `max_batch_size: 4 dynamic_batching { ${text} }`;
  refuses(() => parse('name: "other"'), /name is 'other', but the model's folder is 'net'/);
  refuses(
    () => parse('max_batch_size: -1'),
    /'max_batch_size' must be a whole number, 0 to 65536, got '-1'/,
  );
  refuses(() => parse('max_batch_size: 1 max_batch_size: 2'), /given more than once/);
  refuses(() => parse('input { name: "x" dims: 1 }'), /input 'x' has no data_type/);
  refuses(() => parse('input { name: "x" data_type: TYPE_FP33 }'), /must be a data type/);
  refuses(() => parse('input { name: "x" data_type: TYPE_FP32 dims: 0 }'), /dimension of 0/);
  refuses(
    () =>
      parse('input { name: "x" data_type: TYPE_FP32 dims: [2, -1] reshape { shape: [3, -1] } }'),
    /differ in size/,
  );
  const x = 'input { name: "x" data_type: TYPE_FP32 dims: 1 }';
  refuses(() => parse(x + x), /'x' is declared twice/);
  refuses(() => parse(batching('preferred_batch_size: 8')), /8 is larger than max_batch_size 4/);
  refuses(
    () => parse(batching('priority_levels: 2')),
    /default_priority_level must be from 1 to 2/,
  );
  refuses(
    () =>
      parse(
        batching(
          'priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 2 value { } }',
        ),
      ),
    /levels 1 to 1/,
  );
  refuses(
    () => parse(batching('preserve_ordering: true priority_levels: 2 default_priority_level: 1')),
    /more than one priority level/,
  );
  refuses(
    () =>
      parse(
        batching(
          'preserve_ordering: true default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1 }',
        ),
      ),
    /action is DELAY/,
  );
  refuses(() => parse('version_policy { all { } latest { } }'), /one of latest, all and specific/);
  refuses(() => parse('instance_group { kind: KIND_CPU gpus: 0 }'), /gpus can be listed/);
  refuses(() => parse('default_model_filename: "../x.onnx"'), /plain name/);
  refuses(
    () => parse('model_warmup { inputs { key: "x" value { data_type: TYPE_FP32 } } }'),
    /exactly one of zero_data/,
  );
  refuses(() => parse('parameters { ky: "a" }'), /each entry has the form/);
});

test('no text makes a parser throw anything but a HeadwayError', () => {
  const parsers = [parseModelConfigPbtxt, parseModelConfigJson, parseModelConfigYaml];
  const words = fc.constantFrom(
    'input',
    '{',
    '}',
    '[',
    ']',
    ':',
    '"x"',
    '-',
    '\n',
    ' ',
    'dims',
    '1',
    ',',
    'parameters',
    '*',
    '&a',
    '"',
    '!!x',
    '? ',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(words).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(...parsers), (input, parser) => {
      try {
        parser(input, sourceOf('f'));
      } catch (error) {
        assert.ok(error instanceof HeadwayError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
