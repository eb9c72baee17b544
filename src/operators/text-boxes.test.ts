import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ScoreMap } from './connected-runs.ts';
import type { Point, RotatedRectangle } from './geometry.ts';
import { findTextBoxes } from './text-boxes.ts';

/** A map with one bar of text drawn at an angle: 0 reads to the right, 90 downwards. */
function drawBar(bar: { degrees: number; length: number; thickness: number; value: number }): {
  map: ScoreMap;
  rectangle: RotatedRectangle;
} {
  const side = 200;
  const angle = (bar.degrees * Math.PI) / 180;
  const axis = { x: Math.cos(angle), y: Math.sin(angle) };
  const values = new Float32Array(side * side);
  for (let index = 0; index < values.length; index++) {
    const x = (index % side) + 0.5 - side / 2;
    const y = Math.floor(index / side) + 0.5 - side / 2;
    const along = Math.abs(x * axis.x + y * axis.y);
    const across = Math.abs(y * axis.x - x * axis.y);
    if (along <= bar.length / 2 && across <= bar.thickness / 2) values[index] = bar.value;
  }
  const centre = { x: side / 2, y: side / 2 };
  const rectangle = { centre, axis, width: bar.length, height: bar.thickness };
  return { map: { width: side, height: side, values }, rectangle };
}

const sameSize = { width: 200, height: 200 };

function direction(from: Point, to: Point): number {
  return (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
}

test('findTextBoxes() finds a bar at any angle, grown, and begins where it is read from', () => {
  fc.assert(
    fc.property(fc.integer({ min: -75, max: 100 }), (degrees) => {
      const { map, rectangle } = drawBar({ degrees, length: 120, thickness: 12, value: 0.9 });
      const [box, ...others] = findTextBoxes(map, sameSize);
      assert.ok(box !== undefined && others.length === 0);
      const [a, b, c, d] = box.corners;
      const turned = Math.abs(direction(a, b) - degrees);
      assert.ok(Math.min(turned, 360 - turned) < 2, `reads along ${direction(a, b)}°`);
      const grown = (2 * rectangle.width * rectangle.height * 1.5) / (2 * (120 + 12));
      assert.ok(Math.abs(Math.hypot(b.x - a.x, b.y - a.y) - 120 - grown) < 4);
      assert.ok(Math.abs(Math.hypot(d.x - a.x, d.y - a.y) - 12 - grown) < 4);
      assert.ok(Math.abs((a.x + c.x) / 2 - 100) < 1 && Math.abs((a.y + c.y) / 2 - 100) < 1);
      assert.ok(Math.abs(box.score - 0.9) < 1e-5);
    }),
  );
});

test('findTextBoxes() keeps a squarish region nearest to upright', () => {
  fc.assert(
    fc.property(fc.integer({ min: -180, max: 180 }), (degrees) => {
      const { map } = drawBar({ degrees, length: 44, thickness: 40, value: 1 });
      const [a, b] = findTextBoxes(map, sameSize)[0]?.corners ?? [];
      assert.ok(a !== undefined && b !== undefined);
      assert.ok(Math.abs(direction(a, b)) <= 46);
    }),
  );
});

test('findTextBoxes() drops what is thin or unlikely', () => {
  const thin = drawBar({ degrees: 0, length: 120, thickness: 2, value: 0.9 });
  assert.deepEqual(findTextBoxes(thin.map, sameSize), []);
  const unlikely = drawBar({ degrees: 0, length: 120, thickness: 12, value: 0.5 });
  assert.deepEqual(findTextBoxes(unlikely.map, sameSize), []);
  assert.equal(findTextBoxes(unlikely.map, sameSize, { boxThreshold: 0.4 }).length, 1);
});

test('findTextBoxes() scales boxes to the picture and keeps them inside', () => {
  const map = { width: 10, height: 10, values: new Float32Array(100).fill(1) };
  const [box] = findTextBoxes(map, { width: 200, height: 50 });
  assert.deepEqual(box?.corners, [
    { x: 0, y: 0 },
    { x: 200, y: 0 },
    { x: 200, y: 50 },
    { x: 0, y: 50 },
  ]);
});

test('findTextBoxes() keeps the best scored of too many', () => {
  const values = new Float32Array(30 * 30);
  for (const [region, value] of [0.7, 0.9, 0.8].entries()) {
    for (let y = 0; y < 5; y++) values.fill(value, y * 30 + region * 10, y * 30 + region * 10 + 5);
  }
  const boxes = findTextBoxes({ width: 30, height: 30, values }, sameSize, { maxCount: 2 });
  assert.deepEqual(
    boxes.map((box) => Math.round(box.score * 10)),
    [9, 8],
  );
});
