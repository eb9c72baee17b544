import assert from 'node:assert/strict';
import { mkdtempDisposable, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { elementCount } from '../../core/shape.ts';
import { createGraphBuilder } from '../../testing/models/graph-builder.ts';
import { denseModel } from '../../testing/models/small-models.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import { onnxDataTypes } from './data-type.ts';
import type { OnnxModel } from './model.ts';
import { parseOnnxModel } from './parse-model.ts';
import { type RawWeight, scanTensors } from './scan-tensors.ts';
import { setWeightsApart, usesOfWeights } from './weights-apart.ts';

/** Two large weights, and a small one between them. */
function twoWeightsModel(): OnnxModel {
  const builder = createGraphBuilder('two weights');
  const shape = [-1, 128];
  let value = builder.input('row', 'FP32', shape);
  for (const [operator, dims] of [
    ['MatMul', [128, 128]],
    ['Add', [128]],
    ['MatMul', [128, 128]],
  ] as const) {
    const elements = Float32Array.from({ length: elementCount(dims) ?? 0 }, (_, index) => index);
    value = builder.node(operator, [value, builder.constant('FP32', dims, elements)]);
  }
  builder.output(value, 'FP32', shape);
  return builder.build();
}

interface Apart {
  readonly file: Uint8Array;
  readonly model: Uint8Array;
}

async function apartOf(model: OnnxModel): Promise<Apart> {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-apart-'));
  const place = path.join(folder.path, 'model.onnx');
  await writeModel(place, model);
  await using handle = await open(place);
  const weights: RawWeight[] = [];
  for await (const scanned of scanTensors(handle)) {
    if (scanned.kind === 'raw') weights.push(scanned);
  }
  const { size } = await handle.stat();
  const options = { weights, location: 'model.onnx' };
  return { file: await handle.readFile(), model: setWeightsApart(handle.fd, size, options) };
}

/** The model with its weights put back from the file they are said to be in. */
function putBack({ file, model }: Apart): OnnxModel {
  const parsed = parseOnnxModel(model);
  const initializers = parsed.graph.initializers.map((tensor) => {
    if (tensor.data.kind !== 'external') return tensor;
    const { location, offset, length } = Object.fromEntries(
      tensor.data.properties.map(({ key, value }) => [key, value]),
    );
    assert.equal(location, 'model.onnx');
    const start = Number(offset);
    const bytes = file.subarray(start, start + Number(length));
    return { ...tensor, data: { kind: 'bytes' as const, bytes } };
  });
  return { ...parsed, graph: { ...parsed.graph, initializers } };
}

test('setWeightsApart() takes out large weights, and nothing else', async () => {
  const apart = await apartOf(twoWeightsModel());
  const { initializers } = parseOnnxModel(apart.model).graph;
  assert.deepEqual(
    initializers.map(({ data }) => data.kind),
    ['external', 'bytes', 'external'],
  );
  assert.ok(apart.model.byteLength < 1500);
  assert.deepEqual(putBack(apart), parseOnnxModel(apart.file));
});

test('setWeightsApart() leaves a model without large weights as it is', async () => {
  const apart = await apartOf(denseModel({ size: 8 }));
  assert.deepEqual(parseOnnxModel(apart.model), parseOnnxModel(apart.file));
});

test('usesOfWeights() tells what the weights outside are and how they are used', async () => {
  const { model } = await apartOf(denseModel({ size: 128 }));
  assert.deepEqual(usesOfWeights(model), [
    { rank: 2, dataType: onnxDataTypes.float, users: ['MatMul 1'], isInput: false },
  ]);
});

test('usesOfWeights() refuses two weights of one name', async () => {
  const built = twoWeightsModel();
  const initializers = built.graph.initializers.map((tensor) => ({ ...tensor, name: 'same' }));
  const { model } = await apartOf({ ...built, graph: { ...built.graph, initializers } });
  assert.throws(() => usesOfWeights(model), { code: 'invalid_argument' });
});
