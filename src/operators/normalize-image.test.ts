import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeNormalized } from './normalize-image.ts';

const image = { width: 2, height: 1, data: Uint8Array.of(0, 51, 102, 153, 204, 255) };
const plain = { mean: [0, 0, 0], deviation: [1, 1, 1] } as const;

function rounded(tensor: Float32Array): number[] {
  return Array.from(tensor, (value) => Math.round(value * 100) / 100);
}

test('writeNormalized() writes planes in the order the model wants', () => {
  const tensor = new Float32Array(6);
  writeNormalized(image, { ...plain, order: 'rgb' }, { tensor, tensorWidth: 2, batchIndex: 0 });
  assert.deepEqual(rounded(tensor), [0, 0.6, 0.2, 0.8, 0.4, 1]);
  writeNormalized(image, { ...plain, order: 'bgr' }, { tensor, tensorWidth: 2, batchIndex: 0 });
  assert.deepEqual(rounded(tensor), [0.4, 1, 0.2, 0.8, 0, 0.6]);
});

test('writeNormalized() takes mean and deviation by the channel order of the model', () => {
  const tensor = new Float32Array(6);
  const normalization = { order: 'bgr', mean: [0.4, 0, 0], deviation: [0.6, 1, 0.5] } as const;
  writeNormalized(image, normalization, { tensor, tensorWidth: 2, batchIndex: 0 });
  assert.deepEqual(rounded(tensor), [0, 1, 0.2, 0.8, 0, 1.2]);
});

test('writeNormalized() leaves the padding and the other items alone', () => {
  const tensor = new Float32Array(18).fill(7);
  writeNormalized(image, { ...plain, order: 'rgb' }, { tensor, tensorWidth: 3, batchIndex: 1 });
  assert.deepEqual(rounded(tensor.subarray(0, 9)), Array<number>(9).fill(7));
  assert.deepEqual(rounded(tensor.subarray(9)), [0, 0.6, 7, 0.2, 0.8, 7, 0.4, 1, 7]);
});

test('writeNormalized() refuses a place outside the tensor', () => {
  const tensor = new Float32Array(6);
  const order = { ...plain, order: 'rgb' } as const;
  assert.throws(
    () => writeNormalized(image, order, { tensor, tensorWidth: 1, batchIndex: 0 }),
    RangeError,
  );
  assert.throws(
    () => writeNormalized(image, order, { tensor, tensorWidth: 2, batchIndex: 1 }),
    RangeError,
  );
});
