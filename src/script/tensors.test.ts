import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { datatypes } from '../core/datatype.ts';
import { arbitraryTensor } from '../testing/arbitrary-tensors.ts';
import type { ScriptRequest } from './script.ts';
import { elementsOf, inputOf, tensor, textsOf } from './tensors.ts';

describe('tensor()', () => {
  test('makes again what elementsOf() read, for tensors of every datatype', () => {
    fc.assert(
      fc.property(arbitraryTensor(datatypes, { text: false }), (from) => {
        const elements = elementsOf(from, from.datatype);
        assert.deepEqual(tensor(from.datatype, from.shape, elements), from);
      }),
    );
  });

  test('reads bytes that do not lie aligned', () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float64Array.of(1.5).buffer), 1);
    const unaligned = { datatype: 'FP64', shape: [1], data: bytes.subarray(1) } as const;
    assert.deepEqual(elementsOf(unaligned, 'FP64'), Float64Array.of(1.5));
  });

  test('copies no typed array', () => {
    const values = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const { data } = tensor('FP32', [2], values);
    assert.deepEqual([data.buffer, data.byteOffset], [values.buffer, 4]);
  });

  test('says what a datatype is given as, and how many elements a shape needs', () => {
    const floats = Float32Array.of(1, 2);
    assert.throws(() => tensor('FP64', [2], floats as never), /FP64 are given as a Float64Array/);
    assert.throws(() => tensor('BOOL', [1], 1 as never), /BOOL are given as a plain array/);
    assert.throws(() => tensor('FP32', [3], floats), /\[3\] needs 3 elements, but 2 are given/);
    assert.throws(() => tensor('BYTES', [], ['a', 'b']), /needs 1 elements, but 2 are given/);
    assert.throws(() => tensor('FP32', [-1], floats), /\[-1\] needs whole elements/);
  });
});

test('textsOf() reads the texts that tensor() was given', () => {
  const anyTexts = fc.array(fc.string({ unit: 'grapheme' }).map((it) => it.toWellFormed()));
  fc.assert(
    fc.property(anyTexts, (texts) => {
      assert.deepEqual(textsOf(tensor('BYTES', [texts.length], texts)), texts);
    }),
  );
});

test('a tensor or an input that a script did not expect is an error for the client', () => {
  const x = tensor('INT32', [1], Int32Array.of(1));
  const request: ScriptRequest = { id: '', inputs: { x }, outputNames: [], parameters: {} };
  assert.equal(inputOf(request, 'x'), x);
  const code = 'invalid_argument';
  assert.throws(() => inputOf(request, 'y'), { code, message: /no input 'y'/ });
  assert.throws(() => elementsOf(x, 'FP32'), { code, message: /FP32 was expected.*INT32/ });
  assert.throws(() => textsOf(x), { code });
});
