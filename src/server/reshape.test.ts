import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementCount } from '../core/shape.ts';
import { fp32Tensor } from '../testing/infer-request.ts';
import { modelConfig } from '../testing/model-config.ts';
import { createReshaping } from './reshape.ts';

const scalars = `
  input [
    { name: "a" data_type: TYPE_FP32 dims: [1] reshape { shape: [] } },
    { name: "b" data_type: TYPE_FP32 dims: [-1, 6, -1] reshape { shape: [-1, 2, 3, -1] } },
    { name: "c" data_type: TYPE_FP32 dims: [-1] }
  ]
  output [{ name: "y" data_type: TYPE_FP32 dims: [1] reshape { shape: [] } }]
`;

function shapeOf(shape: readonly number[]): ReturnType<typeof fp32Tensor> {
  return fp32Tensor(
    shape,
    Array.from({ length: elementCount(shape) ?? 0 }, () => 0),
  );
}

test('createReshaping() drops and adds dimensions, and keeps the variable ones in order', () => {
  const reshape = createReshaping(modelConfig(`max_batch_size: 8 ${scalars}`));
  const inputs = reshape.inputs(
    new Map([
      ['a', shapeOf([4, 1])],
      ['b', shapeOf([4, 5, 6, 7])],
      ['c', shapeOf([4, 9])],
    ]),
  );
  assert.deepEqual(
    [...inputs.values()].map(({ shape }) => shape),
    [[4], [4, 5, 2, 3, 7], [4, 9]],
  );
  const outputs = reshape.outputs(new Map([['y', shapeOf([4])]]));
  assert.deepEqual(outputs.get('y')?.shape, [4, 1]);
});

test('createReshaping() knows no batch dimension where the model is not batched', () => {
  const reshape = createReshaping(modelConfig(`max_batch_size: 0 ${scalars}`));
  assert.deepEqual(reshape.inputs(new Map([['a', shapeOf([1])]])).get('a')?.shape, []);
  assert.deepEqual(reshape.outputs(new Map([['y', shapeOf([])]])).get('y')?.shape, [1]);
});

test('createReshaping() leaves tensors alone that no config reshapes', () => {
  const reshape = createReshaping(modelConfig('max_batch_size: 8'));
  const tensors = new Map([['x', shapeOf([2, 2])]]);
  assert.equal(reshape.inputs(tensors), tensors);
});
