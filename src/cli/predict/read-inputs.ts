import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import process from 'node:process';
import { datatypeBytes } from '../../core/datatype.ts';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { didYouMean } from '../../core/nearest-name.ts';
import { formatShape, shapeMatches } from '../../core/shape.ts';
import {
  type InputSpec,
  type NamedTensors,
  type Tensor,
  type TensorSpec,
  decodeBytesElements,
} from '../../core/tensor.ts';
import { type ImageTensorOptions, tensorFromImage } from './image-tensor.ts';
import { tensorFromJson } from './json-tensor.ts';
import { makeTensor } from './made-tensor.ts';
import { parseNpy } from './npy.ts';
import { formatSpecShape, resolveShape } from './resolve-shape.ts';

/** What the command line says of the inputs. */
export interface InputOptions extends ImageTensorOptions {
  readonly cwd: string;
  /** `name=file`, or a JSON file of inputs by name; `-` is standard input. */
  readonly given: readonly string[];
  /** How the inputs that are not given are made up; `undefined` when they must be given. */
  readonly fill: 'zero' | 'random' | undefined;
}

const maxInputBytes = 1024 ** 3;

/**
 * Makes a model's inputs from files and from nothing, in the model's order. What the model can do
 * without is left out unless it is given.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for what does not fit.
 */
export async function readInputs(
  specs: readonly InputSpec[],
  options: InputOptions,
): Promise<NamedTensors> {
  const tensors = new Map<string, Tensor>();
  for (const text of options.given) {
    const equals = text.indexOf('=');
    if (equals > 0) {
      const spec = specOf(specs, text.slice(0, equals));
      tensors.set(spec.name, await readTensor(spec, text.slice(equals + 1), options));
      continue;
    }
    for (const [name, value] of Object.entries(await readJsonInputs(options.cwd, text))) {
      tensors.set(name, tensorFromJson(value, specOf(specs, name), options.sizes));
    }
  }
  const inputs = new Map<string, Tensor>();
  for (const spec of specs) {
    const given = tensors.get(spec.name);
    if (given !== undefined || !spec.hasDefault)
      inputs.set(spec.name, given ?? made(spec, options));
  }
  return inputs;
}

function made(spec: TensorSpec, { fill, sizes }: InputOptions): Tensor {
  if (fill !== undefined) return makeTensor(fill, spec, sizes);
  throw invalidArgument(
    `Nothing was given for input '${spec.name}', ${spec.datatype} ${formatSpecShape(spec)}: give it with --input ${spec.name}=FILE, or make it up with --random or --zero.`,
  );
}

function specOf(specs: readonly TensorSpec[], name: string): TensorSpec {
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec !== undefined) return spec;
  const names = specs.map((candidate) => candidate.name);
  throw invalidArgument(
    `The model has no input '${name}'${didYouMean(name, names) || `; it has ${names.join(', ') || 'none'}.`}`,
  );
}

async function readJsonInputs(cwd: string, file: string): Promise<Record<string, unknown>> {
  const value = parseJson(await readBytes(cwd, file), file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalidArgument(
    `'${file}' must hold inputs by name, as in {"input": [[1, 2]]}; give the data of one input with --input NAME=FILE.`,
  );
}

async function readTensor(spec: TensorSpec, file: string, options: InputOptions): Promise<Tensor> {
  const bytes = await readBytes(options.cwd, file);
  switch (file === '-' ? '.json' : extname(file).toLowerCase()) {
    case '.json':
      return tensorFromJson(parseJson(bytes, file), spec, options.sizes);
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
        `'${file}' is of no kind that can be read: expected .json, .npy, .bin or .raw, .png, .jpg or .webp.`,
      );
  }
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

function checked(spec: TensorSpec, tensor: Tensor): Tensor {
  if (tensor.datatype === spec.datatype && shapeMatches(tensor.shape, spec.shape)) return tensor;
  throw invalidArgument(
    `Input '${spec.name}' is ${tensor.datatype} ${formatShape(tensor.shape)} in its file; the model takes ${spec.datatype} ${formatSpecShape(spec)}.`,
  );
}

function parseJson(bytes: Buffer, file: string): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidArgument(`'${file}' is no JSON: ${reason}.`, { cause });
  }
}

async function readBytes(cwd: string, file: string): Promise<Buffer> {
  if (file === '-') return readStandardInput();
  const path = resolve(cwd, file);
  const stats = await stat(path).catch((cause: unknown) => {
    throw new HeadwayError('not_found', `There is no file '${file}'.`, { cause });
  });
  if (!stats.isFile()) throw invalidArgument(`'${file}' is no plain file.`);
  if (stats.size > maxInputBytes) throw invalidArgument(`'${file}' is over 1 GiB.`);
  return readFile(path);
}

async function readStandardInput(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    length += piece.byteLength;
    if (length > maxInputBytes) throw invalidArgument('Standard input is over 1 GiB.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
