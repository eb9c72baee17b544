import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { HeadwayError } from '../core/error.ts';
import { decodeImage, imageFormat } from './decode-image.ts';

const red = { width: 6, height: 4, channels: 3, background: { r: 200, g: 30, b: 40 } } as const;

const refused = (message: RegExp) => (thrown: unknown) =>
  thrown instanceof HeadwayError &&
  thrown.code === 'invalid_argument' &&
  message.test(thrown.message);

test('decodeImage() decodes JPEG, PNG and WebP to red, green, blue', async () => {
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const file = await sharp({ create: red }).toFormat(format).toBuffer();
    assert.equal(imageFormat(file), format);
    const image = await decodeImage(file);
    assert.deepEqual([image.width, image.height, image.data.length], [6, 4, 72]);
    const [r, g, b] = image.data;
    assert.ok(Math.abs(r! - 200) < 6 && Math.abs(g! - 30) < 6 && Math.abs(b! - 40) < 6);
  }
});

test('decodeImage() makes grey, 16-bit and transparent pictures plain', async () => {
  const grey = await sharp({ create: red }).greyscale().png().toBuffer();
  assert.equal((await decodeImage(grey)).data.length, 72);
  const deep = await sharp({ create: red }).toColourspace('rgb16').png().toBuffer();
  assert.deepEqual([...(await decodeImage(deep)).data.subarray(0, 3)], [200, 30, 40]);
  const clear = { ...red, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } as const;
  const image = await decodeImage(await sharp({ create: clear }).png().toBuffer());
  assert.deepEqual([image.data.length, image.data[0]], [72, 255]);
});

test('decodeImage() applies the orientation a camera recorded', async () => {
  const turned = await sharp({ create: red }).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const { width, height } = await decodeImage(turned);
  assert.deepEqual([width, height], [4, 6]);
});

test('decodeImage() refuses a picture over the pixel limit by its header alone', async () => {
  const file = await sharp({ create: { ...red, width: 2000, height: 1500 } })
    .png()
    .toBuffer();
  const headerOnly = file.subarray(0, 64);
  const limit = { maxPixelCount: 1_000_000 };
  await assert.rejects(decodeImage(file, limit), refused(/2000×1500 pixels, over the limit/u));
  await assert.rejects(decodeImage(headerOnly, limit), refused(/over the limit|damaged/u));
});

test('decodeImage() refuses other formats, damage and noise with fixed texts', async () => {
  const gif = await sharp({ create: red }).gif().toBuffer();
  await assert.rejects(decodeImage(gif), refused(/no known format/u));
  const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
  await assert.rejects(decodeImage(svg), refused(/no known format/u));
  const png = await sharp({ create: { ...red, width: 300 } })
    .png()
    .toBuffer();
  await assert.rejects(decodeImage(png.subarray(0, png.length - 30)), refused(/damaged/u));
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
      await assert.rejects(decodeImage(noise), refused(/no known format|damaged/u));
      const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, ...noise);
      await assert.rejects(decodeImage(jpeg), refused(/damaged/u));
    }),
    { numRuns: 30 },
  );
});
