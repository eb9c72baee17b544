import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { thinPoints } from './thin.ts';

test('thinPoints() keeps the ends, the lowest and the highest, in order and within its limit', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.integer({ min: 4, max: 40 }), (y, most) => {
      const x = y.map((_, place) => place);
      const thinned = thinPoints({ x, y }, most);
      assert.ok(thinned.x.length <= most);
      assert.equal(Math.min(...thinned.y), Math.min(...y));
      assert.equal(Math.max(...thinned.y), Math.max(...y));
      assert.deepEqual([thinned.x.at(0), thinned.x.at(-1)], [0, y.length - 1]);
      assert.deepEqual(
        thinned.y,
        thinned.x.map((place) => y[place]),
      );
      assert.ok(thinned.x.every((place, at) => at === 0 || place > (thinned.x[at - 1] ?? NaN)));
    }),
  );
});
