import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { Tensor, TensorSpec } from '../../core/tensor.ts';
import type { RgbImage } from '../image.ts';
import type { PerChannel } from '../normalize-image.ts';
import { formatSpecShape } from './resolve-shape.ts';

/** How pixels become numbers: `(byte / 255 - mean) / deviation`, by channel. */
export interface PixelScale {
  readonly mean: PerChannel;
  readonly deviation: PerChannel;
}

export interface ImageTensorOptions {
  readonly sizes: ReadonlyMap<string, number>;
  readonly scale: PixelScale;
}

/**
 * Makes an input of a picture: one item of RGB, resized to the height and width the input has.
 * Inputs are FP32 `[batch, 3, height, width]`, or FP32 or UINT8 `[batch, height, width, 3]`; UINT8
 * takes the bytes as they are. A size that varies is the picture's own.
 * @throws HeadwayError `invalid_argument` for an input of another form or a picture that cannot be
 * decoded.
 */
export async function tensorFromImage(
  bytes: Uint8Array,
  spec: TensorSpec,
  { sizes, scale }: ImageTensorOptions,
): Promise<Tensor> {
  const { decodeImage } = await import('../decode-image.ts');
  const { resizeImage } = await import('../resize-image.ts');
  const layout = layoutOf(spec);
  const picture = await decodeImage(bytes);
  const size = (axis: number, own: number): number => {
    const declared = spec.shape[axis] ?? -1;
    if (declared !== -1) return declared;
    return sizes.get(`${spec.name}.${axis}`) ?? sizes.get(spec.dimensionNames?.[axis] ?? '') ?? own;
  };
  const firstAxis = layout === 'nchw' ? 2 : 1;
  const height = size(firstAxis, picture.height);
  const width = size(firstAxis + 1, picture.width);
  if (height < 1 || width < 1 || height * width > maxPixelCount) {
    throw invalidArgument(`Input '${spec.name}' cannot be a picture of ${width}×${height} pixels.`);
  }
  const image = await resizeImage(picture, { width, height });
  const shape = layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3];
  if (spec.datatype === 'UINT8') return { datatype: 'UINT8', shape, data: image.data };
  const values = layout === 'nchw' ? await planes(image, scale) : interleaved(image, scale);
  return { datatype: 'FP32', shape, data: new Uint8Array(values.buffer) };
}

const maxPixelCount = 25_000_000;

function layoutOf(spec: TensorSpec): 'nchw' | 'nhwc' {
  const { shape, datatype } = spec;
  const isBatchable = shape.length === 4 && (shape[0] === -1 || shape[0] === 1);
  if (isBatchable && shape[1] === 3 && datatype === 'FP32') return 'nchw';
  if (isBatchable && shape[3] === 3 && (datatype === 'FP32' || datatype === 'UINT8')) return 'nhwc';
  throw new HeadwayError(
    'invalid_argument',
    `Input '${spec.name}' is ${datatype} ${formatSpecShape(spec)}, which takes no picture: that is FP32 [batch,3,height,width], or FP32 or UINT8 [batch,height,width,3].`,
  );
}

async function planes(image: RgbImage, scale: PixelScale): Promise<Float32Array<ArrayBuffer>> {
  const { writeNormalized } = await import('../normalize-image.ts');
  const tensor = new Float32Array(image.data.byteLength);
  const place = { tensor, tensorWidth: image.width, batchIndex: 0 };
  writeNormalized(image, { order: 'rgb', ...scale }, place);
  return tensor;
}

function interleaved(image: RgbImage, { mean, deviation }: PixelScale): Float32Array<ArrayBuffer> {
  return Float32Array.from(image.data, (byte, index) => {
    const channel = index % 3;
    return (byte / 255 - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
  });
}
