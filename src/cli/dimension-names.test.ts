import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDimensionNames, variableDimensions } from './dimension-names.ts';

const tensors = [
  { name: 'x', shape: [-1, 3, -1, -1], dimensionNames: ['batch', null, 'height', undefined] },
  { name: 'y', shape: [-1, 4], dimensionNames: ['batch'] },
  { name: 'z', shape: null },
];

test('variableDimensions() names dimensions, by place where they have no name', () => {
  assert.deepEqual(variableDimensions(tensors), ['batch', 'height', 'x.3']);
});

test('checkDimensionNames() takes names and places, and refuses what is neither', () => {
  checkDimensionNames(
    new Map([
      ['height', 1],
      ['x.0', 1],
      ['x.3', 1],
      ['y.0', 1],
    ]),
    tensors,
  );
  for (const [name, message] of [
    ['heigth', /--dimension heigth: .*; did you mean 'height'\?$/],
    ['other', /; it has batch, height, x\.3\.$/],
    ['x.1', /no variable dimension/],
  ] as const) {
    assert.throws(() => checkDimensionNames(new Map([[name, 1]]), tensors), {
      code: 'invalid_argument',
      message,
    });
  }
  assert.throws(() => checkDimensionNames(new Map([['a', 1]]), []), { message: /none of its/ });
});
