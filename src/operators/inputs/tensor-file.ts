import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { datatypeBytes } from '../../core/datatype.ts';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { formatShape, shapeMatches } from '../../core/shape.ts';
import { type Tensor, type TensorSpec, decodeBytesElements } from '../../core/tensor.ts';
import { parseNpy } from '../../formats/npy/parse-npy.ts';
import { type ImageTensorOptions, tensorFromImage } from './image-tensor.ts';
import { tensorFromJson } from './json-tensor.ts';
import { formatSpecShape, resolveShape } from './resolve-shape.ts';

/** The largest input taken from a file. */
export const maxInputBytes: number = 1024 ** 3;

/** A file's contents under the name it was given by, which says of what kind it is; `-` is JSON. */
export interface InputFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Makes an input of a file: JSON, a NumPy array, row-major little-endian bytes or a picture.
 * @throws HeadwayError `invalid_argument` for a file of another kind or one that does not fit.
 */
export async function tensorFromFile(
  { name, bytes }: InputFile,
  spec: TensorSpec,
  options: ImageTensorOptions,
): Promise<Tensor> {
  switch (name === '-' ? '.json' : extname(name).toLowerCase()) {
    case '.json':
      return tensorFromJson(parseJsonFile({ name, bytes }), spec, options.sizes);
    case '.npy':
      return checked(spec, parseNpy(bytes));
    case '.bin':
    case '.raw':
      return tensorFromBytes(spec, bytes, options.sizes);
    case '.png':
    case '.jpg':
    case '.jpeg':
    case '.webp':
      return tensorFromImage(bytes, spec, options);
    default:
      throw invalidArgument(
        `'${name}' is of no kind that can be read: expected .json, .npy, .bin or .raw, .png, .jpg or .webp.`,
      );
  }
}

/** @throws HeadwayError `invalid_argument` when the file is no JSON. */
export function parseJsonFile({ name, bytes }: InputFile): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidArgument(`'${name}' is no JSON: ${reason}.`, { cause });
  }
}

/**
 * Reads a file whole.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for a folder or one over
 * 1 GiB.
 */
export async function readInputFile(cwd: string, name: string): Promise<InputFile> {
  const path = resolve(cwd, name);
  const stats = await stat(path).catch((cause: unknown) => {
    throw new HeadwayError('not_found', `There is no file '${name}'.`, { cause });
  });
  if (!stats.isFile()) throw invalidArgument(`'${name}' is no plain file.`);
  if (stats.size > maxInputBytes) throw invalidArgument(`'${name}' is over 1 GiB.`);
  return { name, bytes: await readFile(path) };
}

/** Row-major little-endian elements, BYTES each with a 4-byte length before it. */
function tensorFromBytes(
  spec: TensorSpec,
  data: Uint8Array,
  sizes: ReadonlyMap<string, number>,
): Tensor {
  const { name, datatype } = spec;
  const width = datatypeBytes[datatype];
  const count = width === undefined ? decodeBytesElements(data)?.length : data.byteLength / width;
  if (count === undefined || !Number.isInteger(count)) {
    throw invalidArgument(
      `Input '${name}' is ${datatype}, and ${data.byteLength} bytes are no whole number of elements.`,
    );
  }
  return { datatype, shape: resolveShape(spec, sizes, count), data };
}

/** An array of one item, without the batch dimension, is taken as a batch of one. */
function checked(spec: TensorSpec, tensor: Tensor): Tensor {
  const { datatype, shape } = tensor;
  if (datatype === spec.datatype) {
    if (shapeMatches(shape, spec.shape)) return tensor;
    const batched = [1, ...shape];
    if (spec.shape[0] === -1 && shapeMatches(batched, spec.shape)) {
      return { ...tensor, shape: batched };
    }
  }
  throw invalidArgument(
    `Input '${spec.name}' is ${datatype} ${formatShape(shape)} in its file; the model takes ${spec.datatype} ${formatSpecShape(spec)}.`,
  );
}
