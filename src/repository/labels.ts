import { readFile, realpath, stat } from 'node:fs/promises';
import { invalidArgument } from '../core/error.ts';
import { containedPath } from './contained-path.ts';

const maxLabelBytes = 16 * 1024 * 1024;

/**
 * Reads the class labels of an output, one a line; the number of the line is the number of the
 * class. An empty last line does not count.
 * @param modelFolder the folder of the model, which the file must lie in.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for one outside the folder,
 * one over 16 MiB or one that is not UTF-8.
 */
export async function readLabels(
  modelFolder: string,
  labelFilename: string,
): Promise<readonly string[]> {
  const path = await containedPath(await realpath(modelFolder), labelFilename);
  const stats = await stat(path);
  if (!stats.isFile() || stats.size > maxLabelBytes) {
    throw invalidArgument(
      `'${labelFilename}' is no file of labels of at most ${maxLabelBytes} bytes.`,
    );
  }
  const lines = decodeUtf8(await readFile(path), labelFilename).split('\n');
  const labels = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  return labels.at(-1) === '' ? labels.slice(0, -1) : labels;
}

function decodeUtf8(bytes: Uint8Array, labelFilename: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalidArgument(`'${labelFilename}' is not UTF-8 text.`, { cause });
  }
}
