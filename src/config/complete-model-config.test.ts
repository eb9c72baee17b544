import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TensorSpec } from '../core/tensor.ts';
import type { ModelConfig } from './model-config.ts';
import { completeModelConfig } from './complete-model-config.ts';
import { modelConfigToJson } from './model-config-json.ts';
import { parseModelConfigJson, parseModelConfigPbtxt } from './model/parse-model-config.ts';

const source = {
  modelName: 'net',
  file: 'config.pbtxt',
  defaultMaxQueueSize: 1024,
  warn: assert.fail,
};
const parse = (text: string): ModelConfig => parseModelConfigPbtxt(text, source);

const fp32 = (name: string, shape: readonly number[]): TensorSpec => ({
  name,
  datatype: 'FP32',
  shape,
});
const batchable = { inputs: [fp32('x', [-1, 3, -1])], outputs: [fp32('y', [-1, 10])] };
const fixed = { inputs: [fp32('x', [1, 3])], outputs: [fp32('y', [])] };

const complete = (text: string, signature = batchable): ModelConfig =>
  completeModelConfig(parse(text), signature);

function refuses(run: () => unknown, text: RegExp): void {
  assert.throws(run, { code: 'invalid_argument', message: text });
}

test('completeModelConfig() fills tensors and batch size from a model that can be batched', () => {
  const config = complete('');
  assert.equal(config.maxBatchSize, 4);
  assert.deepEqual(config.inputs[0]?.dims, [3, -1]);
  assert.deepEqual(config.outputs[0]?.dims, [10]);
  assert.ok(Object.isFrozen(config.inputs));
});

test('completeModelConfig() keeps whole shapes for a model that cannot be batched', () => {
  const config = complete('', fixed);
  assert.equal(config.maxBatchSize, 0);
  assert.deepEqual(config.inputs[0]?.dims, [1, 3]);
  assert.deepEqual(config.outputs[0]?.dims, []);
});

test('completeModelConfig() lets an explicit 0 switch batching off', () => {
  const config = complete('max_batch_size: 0');
  assert.equal(config.maxBatchSize, 0);
  assert.deepEqual(config.inputs[0]?.dims, [-1, 3, -1]);
});

test('completeModelConfig() makes inputs that the model has values for optional', () => {
  const scale = { ...fp32('scale', [-1, 1]), hasDefault: true };
  const threshold = { ...fp32('threshold', []), hasDefault: true };
  const batched = { ...batchable, inputs: [...batchable.inputs, scale, threshold] };
  const brief = (config: ModelConfig) =>
    config.inputs.map(({ name, optional }) => [name, optional]);
  const config = complete('', batched);
  assert.equal(config.maxBatchSize, 4);
  // A scalar cannot be one of a batch: the model's own value is always used.
  assert.deepEqual(brief(config), [
    ['x', false],
    ['scale', true],
  ]);
  assert.deepEqual(brief(complete('max_batch_size: 0', batched)), [
    ['x', false],
    ['scale', true],
    ['threshold', true],
  ]);
  const declared = 'input [{ name: "threshold" data_type: TYPE_FP32 dims: [] }]';
  assert.deepEqual(brief(complete(`max_batch_size: 0 ${declared}`, batched))[0], [
    'threshold',
    true,
  ]);
  refuses(() => complete(`max_batch_size: 2 ${declared}`, batched), /'threshold' has shape \[\]/);
});

test('completeModelConfig() adds undeclared inputs and keeps to declared outputs', () => {
  const signature = {
    inputs: [fp32('a', [-1, 1]), fp32('b', [-1, 1])],
    outputs: [fp32('y', [-1, 1]), fp32('z', [-1, 1])],
  };
  const config = complete(
    'max_batch_size: 2 input { name: "b" data_type: TYPE_FP32 dims: 1 } output { name: "z" data_type: TYPE_FP32 dims: 1 }',
    signature,
  );
  assert.deepEqual(
    config.inputs.map(({ name }) => name),
    ['b', 'a'],
  );
  assert.deepEqual(
    config.outputs.map(({ name }) => name),
    ['z'],
  );
});

test('completeModelConfig() honours a reshape', () => {
  const signature = { inputs: [fp32('x', [-1])], outputs: [fp32('y', [-1])] };
  const tensor = (name: string): string =>
    `{ name: "${name}" data_type: TYPE_FP32 dims: 1 reshape { } }`;
  const config = complete(
    `max_batch_size: 2 input ${tensor('x')} output ${tensor('y')}`,
    signature,
  );
  assert.deepEqual(config.inputs[0]?.dims, [1]);
  assert.deepEqual(config.inputs[0]?.reshape, []);
});

test('completeModelConfig() names the tensor, what was expected and what is there', () => {
  const input = (fields: string): string => `max_batch_size: 2 input { ${fields} }`;
  refuses(
    () => complete('max_batch_size: 2', fixed),
    /max_batch_size is 2, but 'x' has shape \[1,3\]/,
  );
  refuses(
    () => complete(input('name: "X1" data_type: TYPE_FP32 dims: 1')),
    /no input 'X1'; did you mean 'x'\?/,
  );
  refuses(
    () => complete(input('name: "x" data_type: TYPE_INT8 dims: [3, -1]')),
    /input 'x' is FP32 in the model, but the config says INT8/,
  );
  refuses(
    () => complete(input('name: "x" data_type: TYPE_FP32 dims: [4, -1]')),
    /input 'x' has shape \[-1,3,-1\] in the model, but the config's dims give \[-1,4,-1\], the batch dimension added/,
  );
  refuses(
    () => complete('input { name: "x" data_type: TYPE_FP32 dims: [3, -1] }'),
    /Set max_batch_size if dims leave out the batch dimension/,
  );
  refuses(
    () => complete('dynamic_batching { preferred_batch_size: 8 }'),
    /8 is larger than max_batch_size 4/,
  );
  refuses(
    () => complete('model_warmup { name: "w" batch_size: 9 }'),
    /warm-up 'w' has batch_size 9, but the largest batch is 4/,
  );
  refuses(
    () =>
      complete(
        'model_warmup { name: "w" inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 2, 7 ] zero_data: true } } }',
      ),
    /gives 'x' dims \[2,7\]; the model takes \[3,-1\]/,
  );
});

test('modelConfigToJson() is read back as the same config', () => {
  const config = complete(`
    version_policy { all { } }
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3, -1 ] optional: true pad_value: 0.5 format: FORMAT_NHWC }
    instance_group { count: 3 kind: KIND_CPU name: "g" }
    dynamic_batching { preferred_batch_size: 4 priority_levels: 2 default_priority_level: 1
      priority_queue_policy { key: 2 value { timeout_action: DELAY } } }
    model_warmup { name: "w" count: 2 inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3, 7 ] random_data: true } } }
    optimization { graph { level: -1 } execution_accelerators {
      gpu_execution_accelerator { name: "cuda" parameters { key: "gpu_mem_limit" value: "9" } } } }
    parameters { key: "k" value { string_value: "v" } }
    metric_tags { key: "a" value: "b" } response_cache { enable: true } source: "npm:x@1/y"
  `);
  const json = JSON.stringify(modelConfigToJson(config));
  assert.deepEqual(parseModelConfigJson(json, source), config);
});

test('modelConfigToJson() answers in Triton’s names', () => {
  const json = modelConfigToJson(complete(''));
  assert.equal(json['platform'], 'onnxruntime_onnx');
  assert.deepEqual(json['version_policy'], { latest: { num_versions: 1 } });
  assert.deepEqual((json['input'] as object[])[0], {
    name: 'x',
    data_type: 'TYPE_FP32',
    format: 'FORMAT_NONE',
    dims: [3, -1],
    is_shape_tensor: false,
    allow_ragged_batch: false,
    optional: false,
  });
  assert.equal((json['instance_group'] as { kind: string }[])[0]?.kind, 'KIND_CPU');
  assert.ok('dynamic_batching' in json);
  assert.ok(!('dynamic_batching' in modelConfigToJson(complete('', fixed))));
});
