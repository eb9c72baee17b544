import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { elementCount, formatShape } from '../../core/shape.ts';
import { onnxByteLength } from './data-type.ts';
import { type RawWeight, scanTensors } from './scan-tensors.ts';
import type { OnnxTensor } from './model.ts';

/** ONNX Runtime takes a location with this in it for an address in its own memory. */
const memoryAddressTag = '_ORT_MEM_ADDR_';

/**
 * Checks that all files an ONNX model takes its weights from are plain files in the model's own
 * folder, and long enough. A location that is absolute or climbs, a symbolic or hard link, a
 * device or a folder, a missing file and a range past the file's end are refused. Weights are not
 * read. The files must stay as they are between this check and the load.
 *
 * @throws HeadwayError `invalid_argument` naming the tensor and the reason, or when the file is no
 * ONNX model; `not_found` when there is no model file.
 */
export async function checkExternalData(modelPath: string): Promise<void> {
  await using file = await openModelFile(modelPath);
  await checkTensors(file, modelPath);
}

/** What was found in a model's file on the way. */
export interface CheckedTensors {
  /** The weights of the main graph that are in it. */
  readonly rawWeights: readonly RawWeight[];
  /** Whether elements of some tensor are in another file. */
  readonly hasExternalData: boolean;
}

/** The same check of a file that is open. */
export async function checkTensors(file: FileHandle, modelPath: string): Promise<CheckedTensors> {
  const folder = await realpath(path.dirname(modelPath));
  const sizes = new Map<string, number>();
  const rawWeights: RawWeight[] = [];
  for await (const scanned of scanTensors(file)) {
    if (scanned.kind === 'raw') {
      rawWeights.push(scanned);
      continue;
    }
    const { tensor } = scanned;
    const reference = readReference(tensor);
    const { location } = reference;
    const sizeBytes = sizes.get(location) ?? (await measureFile(folder, location, tensor));
    sizes.set(location, sizeBytes);
    checkRange(tensor, reference, sizeBytes);
  }
  return { rawWeights, hasExternalData: sizes.size > 0 };
}

/** Opens a model's file for reading. @throws HeadwayError when it is missing or no plain file. */
export async function openModelFile(modelPath: string): Promise<FileHandle> {
  const name = path.basename(modelPath);
  const found = await statOf(() => stat(modelPath));
  if (found === undefined) {
    throw new HeadwayError('not_found', `There is no model file '${name}', or it cannot be read.`);
  }
  if (!found.isFile()) throw invalidArgument(`The model file '${name}' is no plain file.`);
  return open(modelPath, 'r');
}

interface Reference {
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
}

function readReference(tensor: OnnxTensor): Reference {
  const properties = tensor.data.kind === 'external' ? tensor.data.properties : [];
  const values = new Map<string, string>();
  for (const { key, value } of properties) {
    if (values.has(key)) throw refuse(tensor, `its reference has '${shorten(key)}' twice`);
    values.set(key, value);
  }
  const location = values.get('location');
  if (location === undefined || location === '') {
    throw refuse(tensor, 'its reference to another file has no location');
  }
  const number = (key: string): number | undefined => {
    const text = values.get(key);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw refuse(tensor, `its ${key} '${shorten(text)}' is no count of bytes`);
  };
  return { location, offset: number('offset') ?? 0, length: number('length') };
}

/** The size in bytes of the file at a location, once it is known to be a plain one inside. */
async function measureFile(folder: string, location: string, tensor: OnnxTensor): Promise<number> {
  const shown = `'${shorten(location)}'`;
  const parts = location.split('/');
  if (path.win32.parse(location).root !== '') {
    throw refuse(tensor, `its file ${shown} is not given by a path relative to the model`);
  }
  if (/[\\\0]/.test(location) || location.includes(memoryAddressTag)) {
    throw refuse(tensor, `its file ${shown} has a name that is not allowed`);
  }
  if (parts.includes('..')) throw refuse(tensor, `its file ${shown} leaves the model's folder`);
  let file: Stats | undefined;
  let reached = folder;
  for (const part of parts) {
    reached = path.join(reached, part);
    const step = reached;
    file = await statOf(() => lstat(step));
    if (file === undefined) throw refuse(tensor, `its file ${shown} is missing`);
    if (file.isSymbolicLink()) throw refuse(tensor, `its file ${shown} is a symbolic link`);
  }
  if (file?.isFile() !== true) throw refuse(tensor, `its file ${shown} is no plain file`);
  if (file.nlink > 1) throw refuse(tensor, `its file ${shown} is a hard link`);
  return file.size;
}

function checkRange(tensor: OnnxTensor, reference: Reference, sizeBytes: number): void {
  const count = elementCount(tensor.dims);
  if (count === undefined)
    throw refuse(tensor, `its shape ${formatShape(tensor.dims)} is too large`);
  const neededBytes = onnxByteLength(tensor.dataType, count) ?? 0;
  const { location, offset, length = neededBytes } = reference;
  if (length < neededBytes) {
    throw refuse(tensor, `it needs ${neededBytes} bytes and its reference has ${length}`);
  }
  if (offset + length > sizeBytes) {
    throw refuse(
      tensor,
      `it needs bytes ${offset} to ${offset + length} of its file '${shorten(location)}', ` +
        `which has ${sizeBytes}`,
    );
  }
}

async function statOf(read: () => Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

function refuse(tensor: OnnxTensor, reason: string): HeadwayError {
  return invalidArgument(
    `Cannot load the model: tensor '${shorten(tensor.name)}' keeps its elements outside the model ` +
      `file, and ${reason}. External data must be in plain files in the model's own folder.`,
  );
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
