import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveShape } from './resolve-shape.ts';

const spec = {
  name: 'x',
  datatype: 'FP32',
  shape: [-1, 3, -1, -1],
  dimensionNames: ['batch', undefined, 'height', undefined],
} as const;

const sizes = (entries: Record<string, number>) => new Map(Object.entries(entries));

test('resolveShape() takes sizes by name and by place, and one item', () => {
  assert.deepEqual(resolveShape(spec, sizes({ height: 5, 'x.3': 7 })), [1, 3, 5, 7]);
  assert.deepEqual(resolveShape(spec, sizes({ batch: 2, 'x.2': 5, 'x.3': 7 })), [2, 3, 5, 7]);
});

test('resolveShape() settles an open size by the number of elements', () => {
  assert.deepEqual(resolveShape(spec, sizes({ height: 5, 'x.3': 7 }), 210), [2, 3, 5, 7]);
  assert.deepEqual(resolveShape(spec, sizes({ height: 5 }), 105), [1, 3, 5, 7]);
});

test('resolveShape() says how to settle what is open', () => {
  assert.throws(() => resolveShape(spec, sizes({})), { message: /--dimension height=SIZE$/ });
  assert.throws(() => resolveShape(spec, sizes({ height: 5 })), {
    message: /--dimension x\.3=SIZE$/,
  });
  assert.throws(() => resolveShape(spec, sizes({}), 105), { message: /--dimension height=SIZE$/ });
});

test('resolveShape() refuses elements that do not fill the shape', () => {
  assert.throws(() => resolveShape(spec, sizes({ height: 5, 'x.3': 7 }), 106), {
    message: "Input 'x' has 106 elements, which do not fill its shape [batch,3,height,?].",
  });
  assert.throws(() => resolveShape(spec, sizes({ batch: 1, height: 5, 'x.3': 7 }), 106), {
    message: /with the sizes given, \[1,3,5,7\]\.$/,
  });
  assert.throws(() => resolveShape(spec, sizes({ height: 0, 'x.3': 7 }), 3), { message: /fill/ });
});
