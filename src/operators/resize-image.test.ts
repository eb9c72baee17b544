import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitToMultiple, resizeImage } from './resize-image.ts';

test('resizeImage() scales to exactly the size asked for', async () => {
  const data = new Uint8Array(8 * 8 * 3).fill(90);
  const resized = await resizeImage({ width: 8, height: 8, data }, { width: 5, height: 3 });
  assert.deepEqual([resized.width, resized.height], [5, 3]);
  assert.deepEqual([...resized.data], Array<number>(45).fill(90));
});

test('resizeImage() hands back a picture that already has the size', async () => {
  const image = { width: 1, height: 1, data: new Uint8Array(3) };
  assert.equal(await resizeImage(image, { width: 1, height: 1 }), image);
});

test('fitToMultiple() keeps to the multiple, never grows past rounding, and keeps proportions', () => {
  const side = fc.integer({ min: 1, max: 6000 });
  fc.assert(
    fc.property(side, side, (width, height) => {
      const size = fitToMultiple({ width, height }, { maxSide: 960, multiple: 32 });
      assert.ok(size.width % 32 === 0 && size.height % 32 === 0);
      assert.ok(size.width >= 32 && size.height >= 32);
      assert.ok(size.width <= 960 && size.height <= 960);
      assert.ok(size.width <= Math.max(32, width + 16) && size.height <= Math.max(32, height + 16));
    }),
  );
});

test('fitToMultiple() takes the nearest multiple', () => {
  const options = { maxSide: 960, multiple: 32 };
  assert.deepEqual(fitToMultiple({ width: 1920, height: 1080 }, options), {
    width: 960,
    height: 544,
  });
  assert.deepEqual(fitToMultiple({ width: 100, height: 20 }, options), { width: 96, height: 32 });
});
