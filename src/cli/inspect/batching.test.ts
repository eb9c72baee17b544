import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addModel, identityModel } from '../../testing/models/small-models.ts';
import { createGraphBuilder } from '../../testing/models/graph-builder.ts';
import { judgeBatching } from './batching.ts';
import { declaredSignature } from './model-signature.ts';

test('judgeBatching() finds that a first dimension of any size can be a batch', () => {
  const verdict = judgeBatching(declaredSignature(addModel()));
  assert.equal(verdict.capable, true);
  assert.match(verdict.reason, /max_batch_size 4 unless/);
});

test('judgeBatching() names the tensor that stands in the way', () => {
  const verdict = judgeBatching(declaredSignature(identityModel('FP32', [1, 3])));
  assert.deepEqual(verdict, {
    capable: false,
    reason: "input 'input' is [1,3]: its first dimension is not of any size",
  });
});

test('judgeBatching() doubts first dimensions of different names', () => {
  const builder = createGraphBuilder('test');
  builder.input('x', 'FP32', [-1, 3]);
  builder.output('boxes', 'FP32', ['found', 4]);
  const { reason } = judgeBatching(declaredSignature(builder.build()));
  assert.match(reason, /'batch', 'found': if one is no batch, set max_batch_size to 0$/);
});
