import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fp32Tensor } from '../../testing/infer-request.ts';
import { pairExpected } from './pair-expected.ts';

test('pairExpected() goes by the names of the items, and names one without', () => {
  const item = (name: string, value: number) => ({
    name,
    tensors: new Map([['y', fp32Tensor([1], [value])]]),
  });
  const expected = [item('a', 1), item('b', 2), item('c', 3)];
  const pairs = pairExpected([item('b', 0), item('a', 0)], expected);
  assert.deepEqual(pairs, [expected[1]?.tensors, expected[0]?.tensors]);
  assert.throws(() => pairExpected([item('d', 0)], expected), {
    code: 'invalid_argument',
    message: /item 'd'/,
  });
});
