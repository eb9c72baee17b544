import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Quad } from './geometry.ts';
import { sortInReadingOrder } from './reading-order.ts';

function upright(left: number, top: number, name: string): { corners: Quad; name: string } {
  const [right, bottom] = [left + 80, top + 20];
  const corners: Quad = [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
  return { corners, name };
}

test('sortInReadingOrder() reads lines from the top and words from the left', () => {
  const boxes = [
    upright(0, 0, 'a'),
    upright(100, 4, 'b'),
    upright(200, -3, 'c'),
    upright(5, 40, 'd'),
    upright(120, 37, 'e'),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(boxes, { minLength: boxes.length }), (shuffled) => {
      assert.equal(
        sortInReadingOrder(shuffled)
          .map((box) => box.name)
          .join(''),
        'abcde',
      );
    }),
  );
});

test('sortInReadingOrder() loses and invents nothing', () => {
  const boxes = fc.array(fc.tuple(fc.nat({ max: 500 }), fc.nat({ max: 500 })));
  fc.assert(
    fc.property(boxes, (places) => {
      const made = places.map(([left, top], index) => upright(left, top, String(index)));
      const names = sortInReadingOrder(made).map((box) => box.name);
      assert.deepEqual(names.toSorted(), made.map((box) => box.name).toSorted());
    }),
  );
});
