import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ModelSpec } from '../backends/backend.ts';
import type { ModelConfig, Warmup, WarmupInput } from '../config/model-config.ts';
import type { Datatype } from '../core/datatype.ts';
import { invalidArgument } from '../core/error.ts';
import { elementCount } from '../core/shape.ts';
import {
  type NamedTensors,
  type Tensor,
  decodeBytesElements,
  tensorByteLength,
} from '../core/tensor.ts';
import { containedPath } from './contained-path.ts';

const maxWarmupBytes = 1024 ** 3;

/**
 * Makes the inputs of a warm-up request. Random data are values from 0 to 1 for floating-point
 * datatypes and 0 to 1 for the others, the same at every start; strings are empty. A file holds
 * the raw bytes of one item, or of all items of the batch, in the model's `warmup` folder.
 * @throws HeadwayError `invalid_argument` for a file of the wrong size or outside the folder, or
 * for inputs over 1 GiB; `not_found` for a missing file.
 */
export async function warmupInputs(
  spec: ModelSpec,
  config: ModelConfig,
  warmup: Warmup,
): Promise<NamedTensors> {
  const tensors = new Map<string, Tensor>();
  const isBatched = (config.maxBatchSize ?? 0) > 0;
  for (const input of warmup.inputs) {
    const shape = isBatched ? [warmup.batchSize, ...input.dims] : input.dims;
    const count = elementCount(shape);
    const bytes = tensorByteLength(input.datatype, shape) ?? (count ?? Number.NaN) * 4;
    if (!(bytes <= maxWarmupBytes)) {
      throw invalidArgument(
        `warm-up input '${input.name}' is larger than ${maxWarmupBytes} bytes.`,
      );
    }
    const data = await inputData(spec, input, {
      bytes,
      itemCount: isBatched ? warmup.batchSize : 1,
    });
    tensors.set(input.name, { datatype: input.datatype, shape, data });
  }
  return tensors;
}

interface WantedData {
  /** Of the whole batch; for strings, of as many empty ones. */
  readonly bytes: number;
  readonly itemCount: number;
}

async function inputData(
  spec: ModelSpec,
  input: WarmupInput,
  wanted: WantedData,
): Promise<Uint8Array> {
  switch (input.data.kind) {
    case 'zero':
      return new Uint8Array(wanted.bytes);
    case 'random':
      return randomData(input.datatype, wanted.bytes);
    case 'file':
      return fileData(spec, { ...input, fileName: input.data.name }, wanted);
  }
}

async function fileData(
  spec: ModelSpec,
  { name, datatype, dims, fileName }: WarmupInput & { readonly fileName: string },
  { bytes, itemCount }: WantedData,
): Promise<Uint8Array> {
  const folder = await realpath(spec.folder ?? dirname(spec.path));
  const path = await containedPath(folder, `warmup/${fileName}`);
  const { size } = await stat(path);
  if (size > maxWarmupBytes) {
    throw invalidArgument(`'warmup/${fileName}' is larger than ${maxWarmupBytes} bytes.`);
  }
  const file = await readFile(path);
  const wholeCount = countIn(datatype, file);
  const itemElements = elementCount(dims) ?? Number.NaN;
  if (wholeCount === itemElements * itemCount) return file;
  if (wholeCount === itemElements) return repeat(file, itemCount);
  const expected = datatype === 'BYTES' ? `${itemElements * itemCount} strings` : `${bytes} bytes`;
  throw invalidArgument(
    `'warmup/${fileName}' has ${size} bytes; input '${name}' takes ${expected}, or those of one item.`,
  );
}

/** How many whole elements a file holds; `undefined` when it does not end with one. */
function countIn(datatype: Datatype, file: Uint8Array): number | undefined {
  const elementBytes = tensorByteLength(datatype, [1]);
  if (elementBytes === undefined) return decodeBytesElements(file)?.length;
  return file.byteLength % elementBytes === 0 ? file.byteLength / elementBytes : undefined;
}

function repeat(item: Uint8Array, count: number): Uint8Array {
  const data = new Uint8Array(item.byteLength * count);
  for (let index = 0; index < count; index += 1) data.set(item, index * item.byteLength);
  return data;
}

function randomData(datatype: Datatype, bytes: number): Uint8Array {
  const data = new Uint8Array(bytes);
  const next = createRandom();
  const elementBytes = tensorByteLength(datatype, [1]) ?? 0;
  if (elementBytes === 0) return data;
  const view = new DataView(data.buffer);
  for (let offset = 0; offset < bytes; offset += elementBytes) {
    const value = next();
    if (datatype === 'FP32') view.setFloat32(offset, value, true);
    else if (datatype === 'FP64') view.setFloat64(offset, value, true);
    else if (datatype === 'FP16') view.setFloat16(offset, value, true);
    else if (datatype === 'BF16') view.setUint16(offset, bf16Bits(value), true);
    else data[offset] = value < 0.5 ? 0 : 1;
  }
  return data;
}

function bf16Bits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint16(0);
}

/** A mulberry32 generator with a fixed seed: a warm-up is the same at every start. */
function createRandom(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
