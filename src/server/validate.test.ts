import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Tensor, encodeBytesElements } from '../core/tensor.ts';
import { fp32Tensor } from '../testing/infer-request.ts';
import { modelConfig } from '../testing/model-config.ts';
import { createRequestValidator } from './validate.ts';

const batched = createRequestValidator(
  modelConfig(`max_batch_size: 4
    input [
      { name: "x" data_type: TYPE_FP32 dims: [2, -1] },
      { name: "mask" data_type: TYPE_FP32 dims: [1] optional: true }
    ]
    output [
      { name: "y" data_type: TYPE_FP32 dims: [1] },
      { name: "z" data_type: TYPE_FP32 dims: [1] }
    ]`),
);
const words = createRequestValidator(
  modelConfig(`max_batch_size: 0
    input [{ name: "text" data_type: TYPE_STRING dims: [-1] }]
    output [{ name: "y" data_type: TYPE_FP32 dims: [1] }]`),
);

const x = (...shape: number[]): Tensor =>
  fp32Tensor(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0),
  );

function refuses(run: () => unknown, text: RegExp): void {
  assert.throws(run, { code: 'invalid_argument', message: text });
}

test('createRequestValidator() tells the batch size and the outputs in the order asked for', () => {
  const wanted = ['z', 'y'].map((name) => ({ name, classificationCount: 0 }));
  assert.deepEqual(batched({ inputs: new Map([['x', x(3, 2, 5)]]), outputs: wanted }), {
    batchSize: 3,
    outputNames: ['z', 'y'],
  });
  const all = batched({ inputs: new Map([['x', x(1, 2, 0)]]), outputs: [] });
  assert.deepEqual(all, { batchSize: 1, outputNames: ['y', 'z'] });
});

test('createRequestValidator() takes optional inputs, in any order', () => {
  const mask = fp32Tensor([2, 1], [1, 1]);
  const inputs = new Map([
    ['mask', mask],
    ['x', x(2, 2, 1)],
  ]);
  assert.equal(batched({ inputs, outputs: [] }).batchSize, 2);
});

test('createRequestValidator() refuses what does not fit the model, and says what would', () => {
  const check = (name: string, tensor: Tensor, text: RegExp): void =>
    refuses(() => batched({ inputs: new Map([[name, tensor]]), outputs: [] }), text);
  check('x', { ...x(1, 2, 1), datatype: 'FP64' }, /data-type is 'FP64', but .* expects 'FP32'/);
  check('x', x(1, 3, 1), /Expected \[-1,2,-1\], got \[1,3,1\]/);
  check('x', x(2, 1), /Expected \[-1,2,-1\], got \[2,1\]/);
  check('x', x(5, 2, 1), /batch-size must be <= 4 for 'net', got 5/);
  check('x', x(0, 2, 1), /batch-size must be >= 1/);
  check('x', { ...x(1, 2, 2), data: new Uint8Array(15) }, /Expected 16, got 15/);
  check('y', x(1, 2, 1), /unexpected inference input 'y'/);
  check(
    'mask',
    fp32Tensor([1, 1], [0]),
    /^expected number of inputs between 1 and 2 but got 1 inputs .* missing required input\(s\) \['x'\]/,
  );
  const inputs = new Map([
    ['x', x(2, 2, 1)],
    ['mask', fp32Tensor([1, 1], [1])],
  ]);
  refuses(
    () => batched({ inputs, outputs: [] }),
    /'x' batch size does not match.*got 2, expected 1/,
  );
  const outputs = [{ name: 'w', classificationCount: 0 }];
  refuses(
    () => batched({ inputs: new Map([['x', x(1, 2, 1)]]), outputs }),
    /unexpected inference output 'w' for model 'net'; it has 'y', 'z'/,
  );
});

test('createRequestValidator() counts the elements of strings', () => {
  const check = (data: Uint8Array, count: number): unknown =>
    words({
      inputs: new Map([['text', { datatype: 'BYTES', shape: [count], data }]]),
      outputs: [],
    });
  const two = encodeBytesElements([Buffer.from('a'), Buffer.from('')]);
  assert.deepEqual(check(two, 2), { batchSize: 1, outputNames: ['y'] });
  refuses(() => check(two, 0), /unexpected number of string elements 1 .* expecting 0/);
  refuses(() => check(two, 3), /expected 3 string elements .* got 2/);
  refuses(
    () => check(two.subarray(1), 2),
    /incomplete string data .* expecting string of length 1627389952 but only 4/,
  );
});
