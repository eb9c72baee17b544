import type { RgbImage } from './image.ts';

/** One number per channel, in the order the model takes the channels. */
export type PerChannel = readonly [number, number, number];

/** How a model wants its pixels: `(byte / 255 - mean) / deviation`, channel by channel. */
export interface PixelNormalization {
  readonly order: 'rgb' | 'bgr';
  readonly mean: PerChannel;
  readonly deviation: PerChannel;
}

/** Where in a tensor a picture goes. */
export interface TensorPlace {
  /** A tensor of shape [batch, 3, height, width], its height that of the picture. */
  readonly tensor: Float32Array;
  /** The width of the tensor; what lies right of a narrower picture is left as it is. */
  readonly tensorWidth: number;
  /** The item of the batch. */
  readonly batchIndex: number;
}

/**
 * Writes a picture into a tensor, planes of channels instead of interleaved pixels.
 * @throws RangeError when the tensor has no room for the picture at that place.
 */
export function writeNormalized(
  image: RgbImage,
  normalization: PixelNormalization,
  place: TensorPlace,
): void {
  const { tensor, tensorWidth, batchIndex } = place;
  const planeSize = tensorWidth * image.height;
  const itemStart = batchIndex * 3 * planeSize;
  if (image.width > tensorWidth || itemStart + 3 * planeSize > tensor.length) {
    throw new RangeError(
      `writeNormalized: a picture of ${image.width}×${image.height} does not fit item ${batchIndex} ` +
        `of a tensor of width ${tensorWidth} and ${tensor.length} elements.`,
    );
  }
  for (let channel = 0; channel < 3; channel++) {
    const table = byteTable(normalization, channel);
    const source = normalization.order === 'rgb' ? channel : 2 - channel;
    for (let y = 0; y < image.height; y++) {
      let from = y * image.width * 3 + source;
      let to = itemStart + channel * planeSize + y * tensorWidth;
      const end = to + image.width;
      for (; to < end; to++, from += 3) tensor[to] = table[image.data[from] ?? 0] ?? 0;
    }
  }
}

/** What each of the 256 byte values becomes: a look-up replaces two divisions a pixel. */
function byteTable(normalization: PixelNormalization, channel: number): Float32Array {
  const mean = normalization.mean[channel] ?? 0;
  const deviation = normalization.deviation[channel] ?? 1;
  return Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean) / deviation);
}
