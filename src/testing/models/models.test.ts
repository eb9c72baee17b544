import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { encodeOnnxModel } from '../../formats/onnx/encode-model.ts';
import type { OnnxModel } from '../../formats/onnx/model.ts';
import { parseOnnxModel } from '../../formats/onnx/parse-model.ts';
import { createRandom, randomFloats } from './random.ts';
import { resnet50Fp32, resnet50Int8Qdq } from './resnet50.ts';
import { addModel, identityModel, lookupModel, rowSumModel, slowModel } from './small-models.ts';
import { modelBytes } from './write-model.ts';

function operatorCounts(model: OnnxModel): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operator } of model.graph.nodes) counts[operator] = (counts[operator] ?? 0) + 1;
  return counts;
}

function elementCounts(model: OnnxModel, dataType: number): number {
  const counts = model.graph.initializers
    .filter((tensor) => tensor.dataType === dataType)
    .map((tensor) => tensor.dims.reduce((product, size) => product * size, 1));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Every node input is a graph input, an initializer or the output of an earlier node. */
function assertConnected(model: OnnxModel): void {
  const { graph } = model;
  const known = new Set([...graph.inputs, ...graph.initializers].map(({ name }) => name));
  for (const node of graph.nodes) {
    for (const input of node.inputs) assert.ok(known.has(input), `${node.name} reads ${input}`);
    for (const output of node.outputs) known.add(output);
  }
  for (const { name } of graph.outputs) assert.ok(known.has(name), `${name} is not made`);
}

test('small models are connected and survive their file', () => {
  const models = [
    addModel(),
    identityModel('BYTES', [-1, 'count']),
    rowSumModel(),
    lookupModel(),
    slowModel({ width: 8, layers: 2 }),
  ];
  for (const model of models) {
    assertConnected(model);
    assert.deepEqual(operatorCounts(parseOnnxModel(modelBytes(model))), operatorCounts(model));
  }
});

test('identityModel() names the batch and other sizes that vary', () => {
  const [input] = identityModel('FP16', [-1, 3, 'count']).graph.inputs;
  assert.deepEqual(input?.type, { kind: 'tensor', dataType: 10, shape: ['batch', 3, 'count'] });
});

test('resnet50Fp32() is the published network and the same bytes each time', () => {
  const model = resnet50Fp32();
  assertConnected(model);
  assert.deepEqual(operatorCounts(model), {
    Conv: 53,
    Relu: 49,
    MaxPool: 1,
    Add: 16,
    GlobalAveragePool: 1,
    Flatten: 1,
    Gemm: 1,
  });
  // 25,557,032 with batch normalisation, which folds from 2 numbers a channel to 1.
  assert.equal(elementCounts(model, 1), 25_557_032 - 26_560);
  const hash = createHash('sha256');
  for (const chunk of encodeOnnxModel(model)) hash.update(chunk);
  assert.equal(
    hash.digest('hex'),
    'a1baa9a01fcef9700875d9198cb27caf0168316c0c98319f76953094d68cc5a0',
  );
});

test('resnet50Int8Qdq() holds its weights in 8 bits', () => {
  const model = resnet50Int8Qdq();
  assertConnected(model);
  const { QuantizeLinear, DequantizeLinear, ...operators } = operatorCounts(model);
  assert.deepEqual(operators, {
    Conv: 53,
    MaxPool: 1,
    Add: 16,
    GlobalAveragePool: 1,
    Flatten: 1,
    Gemm: 1,
  });
  assert.equal(QuantizeLinear, 1 + 53 + 1 + 16 + 1 + 1);
  assert.equal(DequantizeLinear, 2 * 54 + 53 + 1 + 2 * 16 + 1 + 1 + 1);
  // The weights, and a zero point for each of their channels.
  assert.equal(elementCounts(model, 3), 25_502_912 + 27_560);
});

test('createRandom() spreads evenly from any seed', () => {
  for (const seed of [0, 1, 2, -1, 2 ** 31]) {
    const values = randomFloats(createRandom(seed), 10_000, 1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    assert.ok(Math.abs(mean) < 0.03 && Math.abs(square - 1 / 3) < 0.02, `seed ${seed}`);
  }
});
