import sharp from 'sharp';
import type { RgbImage } from './image.ts';

/** The size of a picture in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Scales a picture to exactly the given size, its proportions not kept. Linear interpolation when
 * it grows, averaging when it shrinks. Runs off the event loop.
 */
export async function resizeImage(image: RgbImage, size: ImageSize): Promise<RgbImage> {
  if (image.width === size.width && image.height === size.height) return image;
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const data = await sharp(image.data, { raw, limitInputPixels: false })
    .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  return { ...size, data };
}

/** How `fitToMultiple` chooses a size. */
export interface FitOptions {
  /** The longer side is at most this, before rounding to the multiple. */
  readonly maxSide: number;
  /** Both sides come out as multiples of this, at least one. */
  readonly multiple: number;
}

/**
 * The size a fully convolutional model takes a picture at: scaled down, never up, until the longer
 * side fits, then each side rounded to the nearest multiple of the model's stride.
 */
export function fitToMultiple(image: ImageSize, options: FitOptions): ImageSize {
  const scale = Math.min(1, options.maxSide / Math.max(image.width, image.height));
  const round = (side: number): number =>
    Math.max(1, Math.round((side * scale) / options.multiple)) * options.multiple;
  return { width: round(image.width), height: round(image.height) };
}
