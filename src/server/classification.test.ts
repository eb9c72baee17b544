import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datatype } from '../core/datatype.ts';
import { type Tensor, decodeBytesElements } from '../core/tensor.ts';
import { fp32Tensor } from '../testing/infer-request.ts';
import { type ClassificationRequest, classify } from './classification.ts';

function classes(tensor: Tensor, given: Partial<ClassificationRequest> = {}): string[] {
  const request = { name: 'y', tensor, count: 2, labels: [], isBatched: true, ...given };
  const { data } = classify(request);
  return decodeBytesElements(data)!.map((bytes) => Buffer.from(bytes).toString());
}

test('classify() answers value, index and label, item by item', () => {
  const tensor = fp32Tensor([2, 3], [0.25, 0.5, 0.125, -1, -3, -2]);
  assert.deepEqual(classes(tensor, { labels: ['a', 'b'] }), [
    '0.500000:1:b',
    '0.250000:0:a',
    '-1.000000:0:a',
    '-2.000000:2',
  ]);
});

test('classify() takes a tensor without a batch dimension as one item', () => {
  const tensor = fp32Tensor([2, 2], [1, 2, 3, 4]);
  assert.deepEqual(classes(tensor, { isBatched: false }), ['4.000000:3', '3.000000:2']);
});

test('classify() answers no more than there are, and nothing of nothing', () => {
  const { shape } = classify({
    name: 'y',
    tensor: fp32Tensor([1, 3], [1, 2, 3]),
    count: 9,
    labels: [],
    isBatched: true,
  });
  assert.deepEqual(shape, [1, 3]);
  assert.deepEqual(classes(fp32Tensor([0, 3], [])), []);
});

test('classify() reads every numeric datatype, wherever its bytes lie', () => {
  const arrays = {
    UINT8: Uint8Array.of(1, 200),
    INT8: Int8Array.of(1, 100),
    UINT16: Uint16Array.of(1, 300),
    INT16: Int16Array.of(1, 300),
    UINT32: Uint32Array.of(1, 300),
    INT32: Int32Array.of(1, 300),
    UINT64: BigUint64Array.of(1n, 300n),
    INT64: BigInt64Array.of(1n, 300n),
    FP64: Float64Array.of(1, 300),
  } as const satisfies Partial<Record<Datatype, ArrayBufferView>>;
  for (const [datatype, array] of Object.entries(arrays)) {
    const bytes = new Uint8Array(array.buffer);
    const unaligned = new Uint8Array(bytes.length + 1).subarray(1);
    unaligned.set(bytes);
    const tensor: Tensor = { datatype: datatype as Datatype, shape: [1, 2], data: unaligned };
    const largest = datatype === 'FP64' ? '300.000000' : String(array[1]);
    assert.deepEqual(classes(tensor, { count: 1 }), [`${largest}:1`]);
  }
});

test('classify() tells 64-bit integers apart to the last digit', () => {
  const values = BigInt64Array.of(2n ** 62n, 2n ** 62n + 1n, -(2n ** 62n));
  const data = new Uint8Array(values.buffer);
  const tensor: Tensor = { datatype: 'INT64', shape: [1, 3], data };
  assert.deepEqual(classes(tensor), ['4611686018427387905:1', '4611686018427387904:0']);
});

test('classify() writes floats as C does', () => {
  const tensor = fp32Tensor([1, 4], [-0.5, Infinity, NaN, 2 ** 70]);
  assert.deepEqual(classes(tensor, { count: 4 }), [
    'inf:1',
    '1180591620717411303424.000000:3',
    '-0.500000:0',
    'nan:2',
  ]);
});

test('classify() refuses what has no order it knows, and what would take too long', () => {
  for (const datatype of ['BYTES', 'BOOL', 'FP16', 'BF16'] as const) {
    const tensor: Tensor = { datatype, shape: [1, 0], data: new Uint8Array(0) };
    assert.throws(() => classes(tensor), {
      code: 'invalid_argument',
      message: `class result not available for output due to unsupported type '${datatype}': output 'y'`,
    });
  }
  const huge: Tensor = {
    datatype: 'UINT8',
    shape: [1, 1_000_001],
    data: new Uint8Array(1_000_001),
  };
  assert.throws(() => classes(huge), {
    code: 'invalid_argument',
    message: /^classification output tensor too large: output 'y' has 1000001 elements/,
  });
});
