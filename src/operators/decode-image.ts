import sharp from 'sharp';
import { invalidArgument } from '../core/error.ts';
import type { RgbImage } from './image.ts';

/** Limits on a picture somebody sends. */
export interface DecodeImageOptions {
  /** The most pixels a picture may have; checked on its header, before any pixel is decoded. */
  readonly maxPixelCount?: number;
}

/** Room for a 24-megapixel photograph: 75 MB once decoded. */
const defaultMaxPixelCount = 25_000_000;

/**
 * Decodes a JPEG, PNG or WebP file to 8-bit sRGB. The orientation a camera recorded is applied,
 * transparency is laid on white, and of an animation the first frame is taken. Runs off the event
 * loop.
 * @param bytes the whole file.
 * @throws HeadwayError `invalid_argument` for another format, a picture over the limit, or a
 * damaged file. The texts are fixed: the decoder's own may describe its internals.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): Promise<RgbImage> {
  // Deciding by the first bytes keeps the decoder's many other formats out of reach.
  if (imageFormat(bytes) === undefined) {
    throw invalidArgument('The image is in no known format: expected JPEG, PNG or WebP.');
  }
  const maxPixelCount = options.maxPixelCount ?? defaultMaxPixelCount;
  const source = sharp(bytes, { limitInputPixels: false, failOn: 'error' });
  const { width, height } = await source.metadata().catch(damaged);
  if (width * height > maxPixelCount) {
    throw invalidArgument(
      `The image has ${width}×${height} pixels, over the limit of ${maxPixelCount} in all: scale it down.`,
    );
  }
  const { data, info } = await source
    .autoOrient()
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(damaged);
  return { width: info.width, height: info.height, data };
}

/** The format of a picture file by its first bytes; `undefined` when it is none of the three. */
export function imageFormat(bytes: Uint8Array): 'jpeg' | 'png' | 'webp' | undefined {
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return 'jpeg';
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png';
  const riff = startsWith(bytes, 0, [0x52, 0x49, 0x46, 0x46]);
  return riff && startsWith(bytes, 8, [0x57, 0x45, 0x42, 0x50]) ? 'webp' : undefined;
}

function startsWith(bytes: Uint8Array, offset: number, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[offset + index] === byte);
}

function damaged(cause: unknown): never {
  throw invalidArgument('The image is damaged or cut short: it cannot be decoded.', { cause });
}
