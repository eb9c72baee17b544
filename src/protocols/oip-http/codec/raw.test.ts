import assert from 'node:assert/strict';
import test from 'node:test';
import type { Datatype } from '../../../core/datatype.ts';
import type { Tensor, TensorSpec } from '../../../core/tensor.ts';
import { decodeRawRequest } from './raw.ts';

function decode(
  body: Uint8Array,
  { inputs, isBatched }: { readonly inputs: readonly TensorSpec[]; readonly isBatched: boolean },
): Tensor | undefined {
  const metadata = { name: 'm', versions: ['1'], platform: 'p', inputs, outputs: [] };
  const { request, form } = decodeRawRequest(body, metadata, isBatched);
  assert.deepEqual(form, { binaryByDefault: true, binaryByName: undefined });
  return request.inputs.get('x');
}

function specsOf(datatype: Datatype, shape: readonly number[]): readonly TensorSpec[] {
  return [{ name: 'x', datatype, shape }];
}

const body = new Uint8Array(24);

test('decodeRawRequest() takes the body as the input, as a batch of one', () => {
  const fixed = decode(body, { inputs: specsOf('FP32', [-1, 2, 3]), isBatched: true });
  assert.deepEqual([fixed?.shape, fixed?.data], [[1, 2, 3], body]);
  const unbatched = decode(body, { inputs: specsOf('FP64', [3]), isBatched: false });
  assert.deepEqual(unbatched?.shape, [3]);
});

test('decodeRawRequest() works out one variable dimension', () => {
  const batched = decode(body, { inputs: specsOf('FP32', [-1, 2, -1]), isBatched: true });
  assert.deepEqual(batched?.shape, [1, 2, 3]);
  const unbatched = decode(body, { inputs: specsOf('UINT8', [-1]), isBatched: false });
  assert.deepEqual(unbatched?.shape, [24]);
});

test('decodeRawRequest() gives BYTES their length', () => {
  const tensor = decode(Buffer.from('abc'), { inputs: specsOf('BYTES', [-1, 1]), isBatched: true });
  assert.deepEqual(tensor?.shape, [1, 1]);
  assert.deepEqual([...(tensor?.data ?? [])], [3, 0, 0, 0, 97, 98, 99]);
});

test('decodeRawRequest() refuses models and bodies it does not fit', () => {
  const cases: readonly (readonly [readonly TensorSpec[], RegExp])[] = [
    [[], /must only have 1 input \(found 1\) to be deduced but got 0 inputs in 'm' model/],
    [[...specsOf('FP32', [6]), ...specsOf('FP32', [6])], /got 2 inputs/],
    [
      specsOf('FP32', [-1, -1]),
      /shape of the raw input 'x' can not be deduced .* more than one variable-sized dimension; it is \[-1,-1\]/,
    ],
    [specsOf('FP32', [5]), /Expected 20, got 24/],
    [specsOf('FP32', [-1, 5]), /Expected 20, got 24/],
    [specsOf('FP32', [-1, 0]), /got 24/],
    [
      specsOf('BYTES', [2]),
      /For BYTE datatype raw input 'x', the model must have input shape \[1\]; it is \[2\]/,
    ],
    [specsOf('BYTES', [1, 1]), /it is \[1,1\]/],
    [specsOf('BYTES', [-1]), /it is \[-1\]/],
  ];
  for (const [specs, message] of cases) {
    assert.throws(() => decode(body, { inputs: specs, isBatched: false }), {
      code: 'invalid_argument',
      message,
    });
  }
});
