import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Point,
  convexHull,
  minimumAreaRectangle,
  rectangleCorners,
  turnQuarters,
} from './geometry.ts';

const coordinate = fc.integer({ min: -500, max: 500 });
const points = fc.array(fc.record({ x: coordinate, y: coordinate }), {
  minLength: 1,
  maxLength: 60,
});

function cross(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

test('convexHull() bends clockwise everywhere and holds every point', () => {
  fc.assert(
    fc.property(points, (all) => {
      const hull = convexHull(all);
      assert.ok(hull.length >= 1);
      for (const [index, a] of hull.entries()) {
        const b = hull[(index + 1) % hull.length]!;
        const c = hull[(index + 2) % hull.length]!;
        if (hull.length >= 3) assert.ok(cross(a, b, c) > 0);
        for (const point of all) assert.ok(cross(a, b, point) >= 0);
      }
    }),
  );
});

test('convexHull() does not depend on order or repetition', () => {
  fc.assert(
    fc.property(points, (all) => {
      assert.deepEqual(convexHull([...all, ...all].reverse()), convexHull(all));
    }),
  );
});

test('minimumAreaRectangle() holds every point and is no larger than the upright one', () => {
  fc.assert(
    fc.property(points, (all) => {
      const rectangle = minimumAreaRectangle(convexHull(all));
      const corners = rectangleCorners(rectangle);
      for (const point of all) {
        for (const [index, corner] of corners.entries()) {
          const next = corners[(index + 1) % 4]!;
          const side = Math.hypot(next.x - corner.x, next.y - corner.y);
          assert.ok(cross(corner, next, point) >= -1e-6 * (1 + side));
        }
      }
      const xs = all.map((point) => point.x);
      const ys = all.map((point) => point.y);
      const upright = (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys));
      assert.ok(rectangle.width * rectangle.height <= upright + 1e-6);
    }),
  );
});

test('minimumAreaRectangle() finds a turned rectangle again', () => {
  const size = fc.integer({ min: 5, max: 400 });
  fc.assert(
    fc.property(size, size, fc.double({ min: -3, max: 3, noNaN: true }), (width, height, angle) => {
      const axis = { x: Math.cos(angle), y: Math.sin(angle) };
      const made = { centre: { x: 7, y: -3 }, axis, width, height };
      const found = minimumAreaRectangle(convexHull(rectangleCorners(made)));
      const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;
      assert.ok(near(found.centre.x, 7) && near(found.centre.y, -3));
      assert.ok(near(Math.min(found.width, found.height), Math.min(width, height)));
      assert.ok(near(Math.max(found.width, found.height), Math.max(width, height)));
    }),
  );
});

test('turnQuarters() walks the corners on and keeps the rectangle', () => {
  const rectangle = { centre: { x: 5, y: 6 }, axis: { x: 1, y: 0 }, width: 8, height: 2 };
  const [a, b, c, d] = rectangleCorners(rectangle);
  assert.deepEqual(
    [a, b, c, d],
    [
      { x: 1, y: 5 },
      { x: 9, y: 5 },
      { x: 9, y: 7 },
      { x: 1, y: 7 },
    ],
  );
  assert.deepEqual(rectangleCorners(turnQuarters(rectangle, 1)), [b, c, d, a]);
  assert.deepEqual(rectangleCorners(turnQuarters(rectangle, 4)), [a, b, c, d]);
});

test('minimumAreaRectangle() refuses an empty hull', () => {
  assert.throws(() => minimumAreaRectangle([]), RangeError);
});
