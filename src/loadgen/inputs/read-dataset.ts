import { readdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { InputSpec, NamedTensors, Tensor, TensorSpec } from '../../core/tensor.ts';
import type { ImageTensorOptions } from '../../operators/inputs/image-tensor.ts';
import { tensorFromJson } from '../../operators/inputs/json-tensor.ts';
import {
  parseJsonFile,
  readInputFile,
  tensorFromFile,
} from '../../operators/inputs/tensor-file.ts';

/** One item of a dataset: what one request holds, or should be answered with. */
export interface DatasetItem {
  /** The name of its file or folder, without what a file's ends with. */
  readonly name: string;
  readonly tensors: NamedTensors;
}

export interface DatasetOptions extends ImageTensorOptions {
  readonly cwd: string;
  readonly folder: string;
  /** Items beyond so many are not read. */
  readonly maxItems: number;
}

/**
 * Reads a folder of items, in the order of their names. An item is a file for a model of one input
 * (a picture, .npy, .bin, .raw or .json), a .json file of inputs by name, or a folder with a file
 * for each input, named as the input. Names that begin with a dot are passed over.
 * @param specs what the tensors of an item are, in the model's words: its inputs, or its outputs.
 * @throws HeadwayError `not_found` for a missing folder, `invalid_argument` for an item that does
 * not fit, named with it.
 */
export async function readDataset(
  specs: readonly InputSpec[],
  options: DatasetOptions,
): Promise<readonly DatasetItem[]> {
  const { cwd, folder, maxItems } = options;
  const entries = await readdir(resolve(cwd, folder), { withFileTypes: true }).catch(
    (cause: unknown) => {
      throw new HeadwayError('not_found', `There is no folder '${folder}'.`, { cause });
    },
  );
  const chosen = entries
    .filter(({ name }) => !name.startsWith('.'))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, maxItems);
  if (chosen.length === 0) throw invalidArgument(`The folder '${folder}' is empty.`);
  const items: DatasetItem[] = [];
  for (const entry of chosen) {
    const path = join(folder, entry.name);
    try {
      const tensors = entry.isDirectory()
        ? await readFolderItem(specs, path, options)
        : await readFileItem(specs, path, options);
      items.push({ name: basename(entry.name, extname(entry.name)), tensors });
    } catch (error) {
      if (!(error instanceof HeadwayError)) throw error;
      throw new HeadwayError(error.code, `Item '${path}': ${error.message}`, { cause: error });
    }
  }
  return items;
}

async function readFolderItem(
  specs: readonly InputSpec[],
  folder: string,
  options: DatasetOptions,
): Promise<NamedTensors> {
  const files = await readdir(resolve(options.cwd, folder));
  const tensors = new Map<string, Tensor>();
  for (const spec of specs) {
    const file = files.find((name) => basename(name, extname(name)) === spec.name);
    if (file !== undefined) {
      const read = await readInputFile(options.cwd, join(folder, file));
      tensors.set(spec.name, await tensorFromFile(read, spec, options));
    }
  }
  return complete(tensors, specs);
}

async function readFileItem(
  specs: readonly InputSpec[],
  path: string,
  options: DatasetOptions,
): Promise<NamedTensors> {
  const file = await readInputFile(options.cwd, path);
  const value = extname(path).toLowerCase() === '.json' ? parseJsonFile(file) : undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const given = value as Record<string, unknown>;
    const tensors = specs.flatMap((spec): [string, Tensor][] =>
      given[spec.name] === undefined
        ? []
        : [[spec.name, tensorFromJson(given[spec.name], spec, options.sizes)]],
    );
    return complete(new Map(tensors), specs);
  }
  const spec = theOnly(specs);
  return new Map([[spec.name, await tensorFromFile(file, spec, options)]]);
}

function theOnly(specs: readonly InputSpec[]): TensorSpec {
  const needed = specs.filter((spec) => spec.hasDefault !== true);
  const [only] = needed.length > 0 ? needed : specs;
  if (only !== undefined && needed.length <= 1) return only;
  throw invalidArgument(
    `the model has ${specs.length} tensors here (${specs.map(({ name }) => name).join(', ')}): make the item a folder with a file for each, or JSON by name.`,
  );
}

function complete(tensors: NamedTensors, specs: readonly InputSpec[]): NamedTensors {
  const missing = specs.find((spec) => !tensors.has(spec.name) && spec.hasDefault !== true);
  if (missing === undefined) return tensors;
  throw invalidArgument(`it has nothing for '${missing.name}'.`);
}
