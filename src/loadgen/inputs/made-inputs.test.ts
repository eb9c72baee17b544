import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../core/statistics/random.ts';
import type { InputSpec } from '../../core/tensor.ts';
import { assumeSizes, makeInputs } from './made-inputs.ts';

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
