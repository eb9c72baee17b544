import process from 'node:process';
import { invalidArgument } from '../../core/error.ts';
import { createRandom } from '../../core/statistics/random.ts';
import { didYouMean } from '../../core/nearest-name.ts';
import type { InputSpec, NamedTensors, Tensor, TensorSpec } from '../../core/tensor.ts';
import type { ImageTensorOptions } from '../../operators/inputs/image-tensor.ts';
import { tensorFromJson } from '../../operators/inputs/json-tensor.ts';
import { makeTensor } from '../../operators/inputs/made-tensor.ts';
import { formatSpecShape } from '../../operators/inputs/resolve-shape.ts';
import {
  type InputFile,
  maxInputBytes,
  parseJsonFile,
  readInputFile,
  tensorFromFile,
} from '../../operators/inputs/tensor-file.ts';
import { UsageError } from '../usage-error.ts';

/** What the command line says of the inputs. */
export interface InputOptions extends ImageTensorOptions {
  readonly cwd: string;
  /** `name=file`, or a JSON file of inputs by name; `-` is standard input. */
  readonly given: readonly string[];
  /** How the inputs that are not given are made up; `undefined` when they must be given. */
  readonly fill: 'zero' | 'random' | undefined;
}

/**
 * Makes a model's inputs from files and from nothing, in the model's order. What the model can do
 * without is left out unless it is given.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for what does not fit.
 */
export async function readInputs(
  specs: readonly InputSpec[],
  options: InputOptions,
): Promise<NamedTensors> {
  const tensors = await readGivenInputs(specs, options);
  const inputs = new Map<string, Tensor>();
  for (const spec of specs) {
    const given = tensors.get(spec.name);
    if (given !== undefined || !spec.hasDefault)
      inputs.set(spec.name, given ?? made(spec, options));
  }
  return inputs;
}

/**
 * Reads the inputs that are given, and makes none up.
 * @throws HeadwayError as `readInputs`.
 */
export async function readGivenInputs(
  specs: readonly InputSpec[],
  options: Omit<InputOptions, 'fill'>,
): Promise<NamedTensors> {
  const tensors = new Map<string, Tensor>();
  for (const text of options.given) {
    const equals = text.indexOf('=');
    if (equals > 0) {
      const spec = specOf(specs, text.slice(0, equals));
      const file = await readGiven(options.cwd, text.slice(equals + 1));
      tensors.set(spec.name, await tensorFromFile(file, spec, options));
      continue;
    }
    for (const [name, value] of Object.entries(await readJsonInputs(options.cwd, text))) {
      tensors.set(name, tensorFromJson(value, specOf(specs, name), options.sizes));
    }
  }
  return tensors;
}

function made(spec: TensorSpec, { fill, sizes }: InputOptions): Tensor {
  if (fill === 'zero') return makeTensor('zero', spec, sizes);
  if (fill === 'random') return makeTensor(createRandom(1).next, spec, sizes);
  throw invalidArgument(
    `Nothing was given for input '${spec.name}', ${spec.datatype} ${formatSpecShape(spec)}: give it with --input ${spec.name}=FILE, or make it up with --random or --zero.`,
  );
}

function specOf(specs: readonly TensorSpec[], name: string): TensorSpec {
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec !== undefined) return spec;
  const names = specs.map((candidate) => candidate.name);
  throw new UsageError(
    `The model has no input '${name}'${didYouMean(name, names) || `; it has ${names.join(', ') || 'none'}.`}`,
  );
}

async function readJsonInputs(cwd: string, name: string): Promise<Record<string, unknown>> {
  const value = parseJsonFile(await readGiven(cwd, name));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalidArgument(
    `'${name}' must hold inputs by name, as in {"input": [[1, 2]]}; give the data of one input with --input NAME=FILE.`,
  );
}

/** A file, or JSON from standard input. */
async function readGiven(cwd: string, name: string): Promise<InputFile> {
  if (name !== '-') return readInputFile(cwd, name);
  return { name, bytes: await readStandardInput() };
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
