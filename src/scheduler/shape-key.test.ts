import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datatype } from '../core/datatype.ts';
import type { NamedTensors } from '../core/tensor.ts';
import { shapeKey } from './shape-key.ts';

function inputs(...given: [string, Datatype, number[]][]): NamedTensors {
  const data = new Uint8Array(0);
  return new Map(given.map(([name, datatype, shape]) => [name, { datatype, shape, data }]));
}

const none: ReadonlySet<string> = new Set();

test('shapeKey() leaves the batch dimension and the order of the inputs out', () => {
  const a = inputs(['x', 'FP32', [1, 3]], ['y', 'INT64', [1]]);
  const b = inputs(['y', 'INT64', [7]], ['x', 'FP32', [7, 3]]);
  assert.equal(shapeKey(a, none, 1), shapeKey(b, none, 1));
});

test('shapeKey() tells names, datatypes, dimensions and sets of inputs apart', () => {
  const keys = [
    inputs(['x', 'FP32', [1, 3]]),
    inputs(['z', 'FP32', [1, 3]]),
    inputs(['x', 'FP16', [1, 3]]),
    inputs(['x', 'FP32', [1, 4]]),
    inputs(['x', 'FP32', [1, 3, 1]]),
    inputs(['x', 'FP32', [1, 3]], ['y', 'FP32', [1, 3]]),
    inputs(['x FP32 3|1:y', 'FP32', [1, 3]]),
  ].map((given) => shapeKey(given, none, 1));
  assert.equal(new Set(keys).size, keys.length);
});

test('shapeKey() looks only at the number of dimensions of a padded input', () => {
  const padded = new Set(['x']);
  const short = inputs(['x', 'FP32', [1, 3, 5]]);
  assert.equal(shapeKey(short, padded, 1), shapeKey(inputs(['x', 'FP32', [1, 9, 8]]), padded, 1));
  assert.notEqual(shapeKey(short, padded, 1), shapeKey(inputs(['x', 'FP32', [1, 3]]), padded, 1));
});

test('shapeKey() keeps requests without inputs apart from each other', () => {
  assert.notEqual(shapeKey(inputs(), none, 1), shapeKey(inputs(), none, 2));
});
