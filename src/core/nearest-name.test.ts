import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { didYouMean, nearestName } from './nearest-name.ts';

const names = ['max_batch_size', 'instance_group', 'input', 'output', 'dynamic_batching'];

test('nearestName() finds a name with a slip in it', () => {
  assert.equal(nearestName('max_batchsize', names), 'max_batch_size');
  assert.equal(nearestName('instance_groups', names), 'instance_group');
  assert.equal(nearestName('ouptut', names), 'output');
  assert.equal(nearestName('maxBatchSize', names), 'max_batch_size');
});

test('nearestName() answers nothing when nothing is near', () => {
  assert.equal(nearestName('frobnicate', names), undefined);
  assert.equal(nearestName('x', []), undefined);
});

test('nearestName() finds every name itself, whatever surrounds it', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 30 })),
      fc.nat(),
      (all, pick) => {
        const word = all[pick % Math.max(1, all.length)];
        if (word === undefined) return;
        const found = nearestName(word, all);
        assert.ok(found !== undefined);
      },
    ),
  );
});

test('didYouMean() ends a message, or adds nothing', () => {
  assert.equal(didYouMean('inputt', names), "; did you mean 'input'?");
  assert.equal(didYouMean('zzzzzzzz', names), '');
});
