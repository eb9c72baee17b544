import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { datatypes } from '../../core/datatype.ts';
import { type Tensor, encodeBytesElements } from '../../core/tensor.ts';
import { arbitraryTensor } from '../../testing/arbitrary-tensors.ts';
import { fp32Tensor } from '../../testing/infer-request.ts';
import { compareOutputs } from './compare-tensors.ts';

const exact = { absolute: 0, relative: 0 };

function compare(got: Tensor, expected: Tensor, tolerance = exact): string | undefined {
  return compareOutputs(new Map([['y', got]]), new Map([['y', expected]]), tolerance);
}

test('compareOutputs() names the tensor, the place, what was expected and what came', () => {
  const expected = fp32Tensor([2, 3], [1, 2, 3, 4, 5, 6]);
  const got = fp32Tensor([2, 3], [1, 2, 3, 4, 5.5, 7]);
  assert.equal(compare(got, expected), "output 'y'[1,1]: expected 5, got 5.5");
  assert.equal(
    compare(fp32Tensor([3, 2], [1, 2, 3, 4, 5, 6]), expected),
    "output 'y': expected shape [2,3], got [3,2]",
  );
  assert.equal(
    compare({ ...got, datatype: 'INT32' }, expected),
    "output 'y': expected FP32, got INT32",
  );
  assert.equal(compareOutputs(new Map(), new Map([['y', got]]), exact), "output 'y' is missing");
  const texts = (...them: readonly string[]): Tensor => ({
    datatype: 'BYTES',
    shape: [them.length],
    data: encodeBytesElements(them.map((it) => Buffer.from(it))),
  });
  assert.equal(compare(texts('a', 'c'), texts('a', 'b')), `output 'y'[1]: expected "b", got "c"`);
  assert.equal(compare(fp32Tensor([], [2]), fp32Tensor([], [1])), "output 'y': expected 1, got 2");
});

test('compareOutputs() takes numbers within the tolerance, and integers only when equal', () => {
  const expected = fp32Tensor([2], [100, 0]);
  const got = fp32Tensor([2], [101, 0.01]);
  assert.equal(compare(got, expected, { absolute: 0.01, relative: 0.01 }), undefined);
  assert.match(compare(got, expected, { absolute: 0.001, relative: 0.01 }) ?? '', /\[1\]/);
  assert.match(compare(got, expected, { absolute: 0.5, relative: 0 }) ?? '', /\[0\]/);
  const one: Tensor = { datatype: 'INT32', shape: [1], data: Uint8Array.of(1, 0, 0, 0) };
  const two: Tensor = { ...one, data: Uint8Array.of(2, 0, 0, 0) };
  assert.match(compare(two, one, { absolute: 5, relative: 5 }) ?? '', /expected 1, got 2/);
});

test('compareOutputs() takes what is not finite only for itself', () => {
  const wide = { absolute: 1e9, relative: 1 };
  const special = fp32Tensor([3], [Number.NaN, Infinity, -Infinity]);
  assert.equal(compare(special, special, wide), undefined);
  assert.match(compare(fp32Tensor([1], [NaN]), fp32Tensor([1], [1]), wide) ?? '', /got "NaN"/);
  assert.match(compare(fp32Tensor([1], [1]), fp32Tensor([1], [NaN]), wide) ?? '', /expected "NaN"/);
  assert.match(compare(fp32Tensor([1], [1]), fp32Tensor([1], [Infinity]), wide) ?? '', /Infinity/);
});

test('compareOutputs() reads half-precision numbers of both kinds', () => {
  // 1.0 and the next number after it.
  for (const [datatype, bits] of [
    ['FP16', 0x3c00],
    ['BF16', 0x3f80],
  ] as const) {
    const tensor = (value: number): Tensor => ({
      datatype,
      shape: [1],
      data: new Uint8Array(Uint16Array.of(value).buffer),
    });
    assert.equal(
      compare(tensor(bits + 1), tensor(bits), { absolute: 0.01, relative: 0 }),
      undefined,
    );
    assert.match(compare(tensor(bits + 1), tensor(bits)) ?? '', /expected 1, got 1\.00/);
  }
});

test('compareOutputs() finds a wrong element wherever it is', () => {
  const values = Array.from({ length: 10_000 }, (_, index) => index);
  fc.assert(
    fc.property(fc.nat(values.length - 1), (place) => {
      const got = fp32Tensor([100, 100], values.with(place, -1));
      const wrong = compare(got, fp32Tensor([100, 100], values), { absolute: 0.5, relative: 0 });
      const where = `[${Math.floor(place / 100)},${place % 100}]`;
      assert.equal(wrong, `output 'y'${where}: expected ${place}, got -1`);
    }),
    { numRuns: 20 },
  );
});

test('compareOutputs() finds every tensor equal to itself', () => {
  fc.assert(
    fc.property(arbitraryTensor(datatypes, { text: false }), (tensor) => {
      const copy = { ...tensor, data: Uint8Array.from(tensor.data) };
      assert.equal(compare(copy, tensor), undefined);
    }),
  );
});
