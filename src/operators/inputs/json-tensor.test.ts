import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Datatype, datatypes } from '../../core/datatype.ts';
import { encodeBytesElements, type Tensor } from '../../core/tensor.ts';
import { isFloat } from '../../core/element-access.ts';
import { jsonElements, nestedJson, tensorFromJson } from './json-tensor.ts';

const noSizes = new Map<string, number>();

function spec(datatype: Datatype, shape: readonly number[] = [-1, -1]) {
  return { name: 'x', datatype, shape };
}

const elementBytes = { UINT8: 1, INT8: 1, UINT16: 2, INT16: 2, FP16: 2, BF16: 2 } as const;

/** A tensor of any datatype, shape [rows, columns], with any bytes its datatype may have. */
const anyTensor = fc
  .tuple(fc.constantFrom(...datatypes), fc.nat(4), fc.integer({ min: 1, max: 4 }))
  .chain(([datatype, rows, columns]): fc.Arbitrary<Tensor> => {
    const count = rows * columns;
    const list = <T>(element: fc.Arbitrary<T>) =>
      fc.array(element, { minLength: count, maxLength: count });
    const shape = [rows, columns];
    if (datatype === 'BYTES') {
      const text = fc.string({ unit: 'grapheme' }).map((value) => Buffer.from(value));
      return list(text).map((texts) => ({ datatype, shape, data: encodeBytesElements(texts) }));
    }
    if (datatype === 'BOOL') {
      return list(fc.boolean()).map((flags) => ({
        datatype,
        shape,
        data: Uint8Array.from(flags, Number),
      }));
    }
    const width = datatype in elementBytes ? elementBytes[datatype as 'INT8'] : undefined;
    const bytes = width ?? (datatype.endsWith('64') ? 8 : 4);
    return fc
      .uint8Array({ minLength: count * bytes, maxLength: count * bytes })
      .map((data) => ({ datatype, shape, data }));
  });

test('tensorFromJson() reads what nestedJson() wrote, through its text', () => {
  fc.assert(
    fc.property(anyTensor, (tensor) => {
      const text = JSON.stringify(nestedJson(tensor));
      const again = tensorFromJson(JSON.parse(text), spec(tensor.datatype), noSizes);
      if (tensor.shape[0] === 0) return;
      assert.deepEqual(again.shape, tensor.shape);
      // NaN has many forms; all of them are one text.
      const isSame = isFloat(tensor.datatype)
        ? jsonElements(again, 0, Infinity).join() === jsonElements(tensor, 0, Infinity).join()
        : Buffer.compare(again.data, tensor.data) === 0;
      assert.ok(isSame);
    }),
  );
});

test('tensorFromJson() shapes a flat list as the input says', () => {
  const list = [1, 2, 3, 4, 5, 6];
  const read = (shape: number[]) => tensorFromJson(list, spec('INT32', shape), noSizes).shape;
  assert.deepEqual(read([-1, 3]), [2, 3]);
  assert.deepEqual(read([1, 2, 3]), [1, 2, 3]);
  assert.deepEqual(read([-1, 2, -1]), [1, 2, 3]);
  assert.deepEqual(read([-1]), [6]);
  assert.deepEqual(tensorFromJson(7, spec('INT32', []), noSizes).shape, []);
});

test('tensorFromJson() says what does not fit', () => {
  for (const [value, datatype, message] of [
    [[[1, 2], [3]], 'INT32', /uneven: one part of it is \[2\] and another \[1\]/],
    [[[1, [2]]], 'INT32', /uneven/],
    [[[1.5]], 'INT32', /holds 1\.5: expected a whole number from -2147483648/],
    [[[256]], 'UINT8', /expected a whole number from 0 to 255/],
    [[['1']], 'FP32', /holds "1": expected a number/],
    [[['NaN']], 'INT8', /expected a number/],
    [[[2 ** 53]], 'INT64', /as a text of digits beyond 2\^53/],
    [[['9223372036854775808']], 'INT64', /expected a whole number from/],
    [[[-1]], 'UINT64', /expected a whole number from 0 to/],
    [[[null]], 'BOOL', /holds null: expected true or false/],
    [[[1]], 'BYTES', /expected a text/],
    [[[[1]]], 'FP32', /is \[1,1,1\]; the model takes \[\?,\?\]/],
  ] as const) {
    assert.throws(() => tensorFromJson(value, spec(datatype), noSizes), {
      code: 'invalid_argument',
      message,
    });
  }
});

test('tensorFromJson() is not led to recurse for ever', () => {
  const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000)) as unknown;
  assert.throws(() => tensorFromJson(deep, spec('FP32'), noSizes), { message: /too deep/ });
});

test('tensorFromJson() rounds BF16 to the nearest value', () => {
  const bits = (value: number) => {
    const { data } = tensorFromJson([value], spec('BF16', [1]), noSizes);
    return Buffer.from(data).readUInt16LE();
  };
  assert.equal(bits(1), 0x3f80);
  assert.equal(bits(1 + 2 ** -8), 0x3f80, 'a tie goes to the even one');
  assert.equal(bits(1 + 3 * 2 ** -8), 0x3f82, 'a tie goes to the even one');
  assert.equal(bits(1 + 2 ** -8 + 2 ** -20), 0x3f81);
  assert.equal(bits(3.4e38), 0x7f80, 'the largest FP32 rounds to infinity');
});
