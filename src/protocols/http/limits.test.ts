import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createByteBudget } from './limits.ts';

const largeBytes = 100_000;

test('createByteBudget() uses large memory again, each time once', () => {
  const budget = createByteBudget(1_000_000);
  const first = budget.memory(largeBytes).buffer;
  budget.recycle(first);
  budget.recycle(first);
  const [second, third] = [budget.memory(largeBytes).buffer, budget.memory(largeBytes).buffer];
  assert.equal(second, first);
  assert.notEqual(third, first);
});

test('createByteBudget() takes back only what it lent, never what Node shares among small buffers', () => {
  const budget = createByteBudget(1_000_000);
  const shared = Buffer.from('a request of somebody else').buffer;
  for (let count = 0; count < 3; count += 1) {
    const small = budget.memory(1000);
    budget.recycle(small.buffer);
    budget.recycle(shared);
    const sizes = [shared.byteLength, small.buffer.byteLength];
    for (const size of sizes) {
      const large = budget.memory(Math.max(size, 64 * 1024));
      assert.notEqual(large.buffer, shared);
      assert.notEqual(large.buffer, small.buffer);
    }
  }
});
