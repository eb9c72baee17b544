import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../../testing/models/graph-builder.ts';
import { resnet50Int8Qdq } from '../../testing/models/resnet50.ts';
import { slowModel } from '../../testing/models/small-models.ts';
import { countMacs } from './count-macs.ts';

test('countMacs() counts what is published for ResNet-50, through its quantization', () => {
  assert.deepEqual(countMacs(resnet50Int8Qdq().graph, new Map()), {
    macs: 4_089_184_256,
    countedOperators: 54,
    totalOperators: 54,
    uncounted: {},
  });
});

test('countMacs() counts matrix products', () => {
  const { macs } = countMacs(slowModel({ width: 16, layers: 3 }).graph, new Map());
  assert.equal(macs, 3 * 16 * 16);
});

test('countMacs() says what it could not count', () => {
  const builder = createGraphBuilder('test');
  const x = builder.input('x', 'FP32', [-1, 3, 'height', 'width']);
  const weight = builder.constant('FP32', [4, 3, 1, 1], new Float32Array(12));
  builder.node('Conv', [x, weight]);
  const a = builder.input('a', 'FP32', [-1, 8]);
  const matrix = builder.constant('FP32', [8, 2], new Float32Array(16));
  builder.node('MatMul', [a, matrix]);
  builder.node('LSTM', [a]);
  const { graph } = builder.build();
  assert.deepEqual(countMacs(graph, new Map()), {
    macs: 16,
    countedOperators: 1,
    totalOperators: 3,
    uncounted: { Conv: 1, LSTM: 1 },
  });
  const sizes = new Map([
    ['height', 5],
    ['width', 6],
  ]);
  assert.equal(countMacs(graph, sizes).macs, 16 + 4 * 3 * 5 * 6);
});
