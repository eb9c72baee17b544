import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floats, requestOf } from '../../testing/backend-runs.ts';
import { splitOutputs } from './split-outputs.ts';

test('splitOutputs() refuses to cut what does not have the rows of the batch', () => {
  const requests = [1, 2].map((rows) => requestOf({ x: floats([rows], Array(rows).fill(0)) }, 'y'));
  const split = (rows: number): unknown =>
    splitOutputs({
      isBatched: true,
      padding: undefined,
      batch: { requests },
      rowCounts: [1, 2],
      joined: new Map([['y', floats([rows], Array(rows).fill(1))]]),
    });
  assert.throws(() => split(1), {
    code: 'internal',
    message: /batch of 3 rows with an output 'y' of shape \[1\].*Set max_batch_size to 0/,
  });
  assert.doesNotThrow(() => split(3));
});
