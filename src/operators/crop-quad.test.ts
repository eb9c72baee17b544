import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cropQuad, quadSize } from './crop-quad.ts';
import { type Quad, rectangleCorners } from './geometry.ts';
import type { RgbImage } from './image.ts';

/** Red grows by 4 a pixel to the right, green by 4 a pixel downwards: colours tell places. */
function gradient(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([x * 4, y * 4, 128], (y * width + x) * 3);
  }
  return { width, height, data };
}

function pixel(image: RgbImage, x: number, y: number): number[] {
  const offset = (y * image.width + x) * 3;
  return [...image.data.subarray(offset, offset + 3)];
}

const whole = (width: number, height: number): Quad => [
  { x: 0, y: 0 },
  { x: width, y: 0 },
  { x: width, y: height },
  { x: 0, y: height },
];

test('cropQuad() of the whole picture at its own size is the picture', () => {
  const image = gradient(40, 30);
  assert.deepEqual(cropQuad(image, whole(40, 30), { width: 40, height: 30 }), image);
});

test('cropQuad() turns a piece that begins at another corner', () => {
  const [a, b, c, d] = whole(40, 30);
  const turned = cropQuad(gradient(40, 30), [b, c, d, a], { width: 30, height: 40 });
  assert.deepEqual(pixel(turned, 0, 0), [156, 0, 128]);
  assert.deepEqual(pixel(turned, 29, 0), [156, 116, 128]);
  assert.deepEqual(pixel(turned, 0, 39), [0, 0, 128]);
});

test('cropQuad() samples a turned rectangle where it lies', () => {
  const image = gradient(60, 60);
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (angle) => {
      const axis = { x: Math.cos(angle), y: Math.sin(angle) };
      const quad = rectangleCorners({ centre: { x: 30, y: 30 }, axis, width: 24, height: 12 });
      const crop = cropQuad(image, quad, { width: 24, height: 12 });
      for (const [x, y] of [
        [0, 0],
        [23, 11],
        [12, 6],
      ] as const) {
        const [along, across] = [x + 0.5 - 12, y + 0.5 - 6];
        const [red, green] = pixel(crop, x, y);
        assert.ok(Math.abs(red! - 4 * (29.5 + along * axis.x - across * axis.y)) <= 1);
        assert.ok(Math.abs(green! - 4 * (29.5 + along * axis.y + across * axis.x)) <= 1);
      }
    }),
  );
});

test('cropQuad() undoes perspective: the diagonals still cross in the middle', () => {
  const quad: Quad = [
    { x: 20, y: 10 },
    { x: 40, y: 10 },
    { x: 55, y: 50 },
    { x: 5, y: 50 },
  ];
  const crop = cropQuad(gradient(60, 60), quad, { width: 51, height: 51 });
  // The diagonals of the quad cross at (30, 150/7), far above the mean of its corners.
  const [red, green] = pixel(crop, 25, 25);
  assert.ok(Math.abs(red! - 4 * 29.5) <= 2);
  assert.ok(Math.abs(green! - 4 * (150 / 7 - 0.5)) <= 2);
});

test('cropQuad() averages when it shrinks', () => {
  const data = new Uint8Array(16 * 16 * 3);
  for (let index = 0; index < 256; index++)
    data.fill(index % 2 === 0 ? 0 : 200, index * 3, index * 3 + 3);
  const crop = cropQuad({ width: 16, height: 16, data }, whole(16, 16), { width: 4, height: 4 });
  assert.deepEqual([...new Set(crop.data)], [100]);
});

test('cropQuad() repeats the border outside the picture', () => {
  const quad: Quad = [
    { x: -10, y: -10 },
    { x: 0, y: -10 },
    { x: 0, y: 0 },
    { x: -10, y: 0 },
  ];
  const crop = cropQuad(gradient(20, 20), quad, { width: 5, height: 5 });
  assert.deepEqual(new Set(crop.data), new Set([0, 128]));
});

test('quadSize() takes the longer of opposite sides', () => {
  assert.deepEqual(
    quadSize([
      { x: 0, y: 0 },
      { x: 3, y: 4 },
      { x: 3, y: 14 },
      { x: 0, y: 20 },
    ]),
    { width: Math.hypot(3, 6), height: 20 },
  );
});
