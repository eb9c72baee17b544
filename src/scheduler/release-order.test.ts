import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createReleaseOrder } from './release-order.ts';

test('createReleaseOrder() gives answers in the order of joining, skipping those who left', () => {
  const anyEnds = fc.uniqueArray(fc.nat(19), { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(
      anyEnds,
      fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
      (ends, leaves) => {
        const order = createReleaseOrder();
        const places = ends.map(() => order.join());
        const given: number[] = [];
        for (const index of ends) {
          if (leaves[index]) order.leave(places[index]!);
          else order.answer(places[index]!, () => given.push(index));
        }
        const expected = ends.map((_, index) => index).filter((index) => !leaves[index]);
        assert.deepEqual(given, expected);
      },
    ),
  );
});

test('createReleaseOrder() gives the first answer at once and holds the others back', () => {
  const order = createReleaseOrder();
  const [first, second, third] = [order.join(), order.join(), order.join()];
  const given: string[] = [];
  order.answer(third, () => given.push('third'));
  order.answer(first, () => given.push('first'));
  assert.deepEqual(given, ['first']);
  order.leave(second);
  assert.deepEqual(given, ['first', 'third']);
});
