import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../core/statistics/random.ts';
import type { InputSpec } from '../../core/tensor.ts';
import { assumeSizes, makeInputs } from './made-inputs.ts';
import { parseShape } from './parse-shape.ts';

const picture: InputSpec = { name: 'image', datatype: 'FP32', shape: [-1, 3, -1, -1] };
const tokens: InputSpec = {
  name: 'ids',
  datatype: 'INT64',
  shape: [-1, -1],
  dimensionNames: ['batch', 'sequence'],
};
const mask: InputSpec = { ...tokens, name: 'mask' };
const optional: InputSpec = { ...picture, name: 'extra', hasDefault: true };

test('assumeSizes() assumes one item, pictures of 224 pixels a side, and 128 of the rest', () => {
  const { sizes, assumed } = assumeSizes(
    [picture, tokens, mask, optional],
    new Map([['image.2', 32]]),
  );
  assert.deepEqual(
    [...sizes],
    [
      ['image.2', 32],
      ['image.0', 1],
      ['image.3', 224],
      ['batch', 1],
      ['sequence', 128],
    ],
  );
  assert.deepEqual(assumed, ['image.3=224', 'sequence=128']);
});

test('makeInputs() makes what a model needs, at random from a seed or of zeros', () => {
  const { sizes } = assumeSizes([picture, tokens], new Map([['sequence', 4]]));
  const make = (seed: number) =>
    makeInputs([picture, tokens, optional], { random: createRandom(seed), sizes });
  const inputs = make(1);
  assert.deepEqual([...inputs.keys()], ['image', 'ids']);
  assert.deepEqual(inputs.get('image')?.shape, [1, 3, 224, 224]);
  assert.deepEqual(inputs.get('ids')?.shape, [1, 4]);
  assert.deepEqual(make(1), inputs);
  assert.notDeepEqual(make(2).get('image')?.data, inputs.get('image')?.data);
  const zeros = makeInputs([tokens], { random: undefined, sizes });
  assert.deepEqual(zeros.get('ids')?.data, new Uint8Array(32));
});

test('parseShape() gives the sizes of the dimensions that vary', () => {
  assert.deepEqual(
    [...parseShape('image:2x3x64x32', [picture])],
    [
      ['image.0', 2],
      ['image.2', 64],
      ['image.3', 32],
    ],
  );
  assert.deepEqual(
    [...parseShape('ids:1,7', [picture, tokens])],
    [
      ['ids.0', 1],
      ['ids.1', 7],
    ],
  );
  for (const [text, message] of [
    ['image', /no shape of an input/],
    ['image:1x', /no shape of an input/],
    ['imag:1x3x1x1', /no input 'imag'; did you mean 'image'/],
    ['image:1x1x1x1', /cannot have shape 1x1x1x1: the model takes \[\?,3,\?,\?\]/],
    ['image:3x1x1', /cannot have shape/],
  ] as const) {
    assert.throws(() => parseShape(text, [picture]), { code: 'invalid_argument', message });
  }
});
