import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { HeadwayError, invalidArgument } from '../core/error.ts';
import type { OnnxModel } from '../formats/onnx/model.ts';
import { parseOnnxModel } from '../formats/onnx/parse-model.ts';

/** An ONNX file read whole; weights are views into its bytes. */
export interface OnnxFile {
  readonly path: string;
  readonly bytes: number;
  readonly model: OnnxModel;
}

/** A protobuf message cannot be larger; weights beyond it are kept in other files. */
const maxModelBytes = 2 ** 31 - 1;

/**
 * Reads an ONNX file.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for what is no ONNX model.
 */
export async function readOnnxFile(path: string): Promise<OnnxFile> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new HeadwayError('not_found', `There is no file '${path}'.`, { cause });
  });
  if (!stats.isFile() || stats.size > maxModelBytes) {
    throw invalidArgument(`'${path}' is no ONNX file: it must be a plain file of at most 2 GiB.`);
  }
  const bytes = await readFile(path);
  try {
    return { path, bytes: bytes.byteLength, model: parseOnnxModel(bytes) };
  } catch (cause) {
    if (!(cause instanceof HeadwayError)) throw cause;
    throw new HeadwayError(cause.code, `Cannot read '${basename(path)}': ${cause.message}`, {
      cause,
    });
  }
}
