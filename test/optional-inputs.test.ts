import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { InputTensor } from '../src/client/index.ts';
import type { OnnxDimension, OnnxModel } from '../src/formats/onnx/model.ts';
import { createGraphBuilder } from '../src/testing/models/graph-builder.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { row } from './support/models.ts';
import { type TestServer, serve } from './support/serve.ts';

/** `output = input * scale`, where `scale` is 2 and 3 unless it is sent. */
function scaleModel(scaleShape: readonly OnnxDimension[]): OnnxModel {
  const builder = createGraphBuilder('scale');
  const input = builder.input('input', 'FP32', [-1, 2]);
  const scale = builder.input('scale', 'FP32', scaleShape);
  builder.initial(scale, scaleShape.length === 2 ? [1, 2] : [2], Float32Array.of(2, 3));
  builder.output(builder.node('Mul', [input, scale], { output: 'output' }), 'FP32', [-1, 2]);
  return builder.build();
}

/** `output` is what `value` is, 7 unless it is sent; nothing else goes in. */
function defaultsOnlyModel(): OnnxModel {
  const builder = createGraphBuilder('defaults');
  const value = builder.input('value', 'FP32', [-1, 1]);
  builder.initial(value, [1, 1], Float32Array.of(7));
  builder.output(builder.node('Identity', [value], { output: 'output' }), 'FP32', [-1, 1]);
  return builder.build();
}

const input = (...values: number[]): InputTensor => row('input', values);
const scale = (...values: number[]): InputTensor => row('scale', values);

let served: TestServer;
before(async () => {
  served = await serve({
    'plain/1/model.onnx': scaleModel([-1, 2]),
    'declared/1/model.onnx': scaleModel([-1, 2]),
    'declared/config.pbtxt':
      'max_batch_size: 4\ninput [{ name: "scale" data_type: TYPE_FP32 dims: [2] }]\n',
    'whole/1/model.onnx': scaleModel([2]),
    'whole/config.pbtxt': 'max_batch_size: 0\n',
    'fixed/1/model.onnx': scaleModel([2]),
    'one/1/model.onnx': scaleModel([-1, 2]),
    'one/config.pbtxt':
      'max_batch_size: 8\ndynamic_batching { max_queue_delay_microseconds: 2000000 preferred_batch_size: [2] }\n',
    'defaults/1/model.onnx': defaultsOnlyModel(),
    'add/1/model.onnx': addModel({ elements: 2 }),
    'add/config.pbtxt':
      'max_batch_size: 4\ninput [{ name: "b" data_type: TYPE_FP32 dims: [2] optional: true }]\n',
  });
});
after(() => served[Symbol.asyncDispose]());

async function answerOf(model: string, ...inputs: InputTensor[]): Promise<number[]> {
  const { outputs } = await served.client.infer({ model, inputs });
  return [...(outputs.get('output')!.data as Float32Array)];
}

/** Whether each input is optional, by name. */
async function inputsOf(model: string): Promise<Record<string, boolean>> {
  const config = await served.client.modelConfig(model);
  const declared = config['input'] as { name: string; optional: boolean }[];
  return Object.fromEntries(declared.map(({ name, optional }) => [name, optional]));
}

describe('an input that the model has a value for', () => {
  for (const model of ['plain', 'declared', 'whole']) {
    test(`may be sent or left out: ${model}`, async () => {
      assert.deepEqual(await answerOf(model, input(1, 10)), [2, 30]);
      const given: InputTensor = model === 'whole' ? { ...scale(5, 6), shape: [2] } : scale(5, 6);
      assert.deepEqual(await answerOf(model, input(1, 10), given), [5, 60]);
      assert.deepEqual(await answerOf(model, input(1, 10)), [2, 30]);
      assert.deepEqual(await inputsOf(model), { input: false, scale: true });
      const { inputs } = await served.client.modelMetadata(model);
      assert.deepEqual(inputs.map(({ name }) => name).toSorted(), ['input', 'scale']);
    });
  }

  test('is not offered where requests are batched and it has no batch dimension', async () => {
    assert.deepEqual(await inputsOf('fixed'), { input: false });
    assert.deepEqual(await answerOf('fixed', input(1, 10)), [2, 30]);
    await assert.rejects(answerOf('fixed', input(1, 10), scale(5, 6)), {
      code: 'invalid_argument',
      message: "unexpected inference input 'scale' for model 'fixed'",
    });
  });

  test('is not what a raw request means', async () => {
    const answer = await fetch(`${served.url}/v2/models/plain/infer`, {
      method: 'POST',
      headers: { 'Inference-Header-Content-Length': '0' },
      body: Float32Array.of(1, 10),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, body.toString());
    assert.deepEqual(body.subarray(-8), Buffer.from(Float32Array.of(2, 30).buffer));
  });

  test('must fit as any other', async () => {
    await assert.rejects(answerOf('plain', input(1, 10), scale(5, 6, 7)), {
      message: /unexpected shape for input 'scale'/,
    });
  });

  test('may be the only one, and requests without it do not share a batch', async () => {
    assert.deepEqual(await answerOf('defaults'), [7]);
    const many = Array.from({ length: 20 }, () => answerOf('defaults'));
    for (const answer of await Promise.all(many)) assert.deepEqual(answer, [7]);
    assert.deepEqual(await answerOf('defaults', row('value', [4])), [4]);
  });
});

test('requests with and without an optional input form batches of their own', async () => {
  const without = [answerOf('one', input(1, 10)), answerOf('one', input(2, 20))];
  const withScale = [
    answerOf('one', input(1, 10), scale(5, 6)),
    answerOf('one', scale(7, 8), input(2, 20)),
  ];
  assert.deepEqual(await Promise.all([...without, ...withScale]), [
    [2, 30],
    [4, 60],
    [5, 60],
    [14, 160],
  ]);
  assert.equal(await served.metric('nv_inference_count', { model: 'one' }), 4);
  assert.equal(await served.metric('nv_inference_exec_count', { model: 'one' }), 2);
});

describe('an input that only the config calls optional', () => {
  test('is answered when it is sent, and what is missing is said when it is not', async () => {
    const a = row('a', [1, 2]);
    const { outputs } = await served.client.infer({
      model: 'add',
      inputs: [a, row('b', [10, 20])],
    });
    assert.deepEqual([...(outputs.get('sum')!.data as Float32Array)], [11, 22]);
    await assert.rejects(served.client.infer({ model: 'add', inputs: [a] }), {
      code: 'invalid_argument',
      message: /^Model 'add' cannot run without input 'b': its config says .* optional/,
    });
    assert.equal(await served.client.isModelReady('add'), true);
  });
});
