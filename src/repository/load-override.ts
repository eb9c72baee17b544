import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HeadwayError, invalidArgument } from '../core/error.ts';
import { parseVersionFolder } from './model-name.ts';
import type { ScannedVersion } from './scan-model.ts';

/** NAME_MAX of Linux. */
const maxNameLength = 255;

/** Versions made of the files of a load request, in a folder that goes away with this. */
export interface OverrideFiles extends AsyncDisposable {
  readonly versions: ReadonlyMap<number, ScannedVersion>;
}

/**
 * Writes the files of a load request to a new temporary folder.
 * @param files contents by `<version>/<name>`, or `<name>` for what the versions share.
 * @throws HeadwayError `invalid_argument` for a path of another form, or no version among them,
 * `internal` for a name that no file can have.
 */
export async function writeOverrideFiles(
  modelName: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<OverrideFiles> {
  const places = [...files].map(([path, data]) => ({
    ...parseOverridePath(modelName, path),
    data,
  }));
  const temporary = await mkdtemp(join(tmpdir(), 'headway-load-'));
  const dispose = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  try {
    const versions = new Map<number, ScannedVersion>();
    for (const { version, fileName, data } of places) {
      const folder = join(temporary, modelName, version === undefined ? '' : String(version));
      const path = join(folder, fileName);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, data);
      // The temporary folder's name is new each time, so the versions never pass for loaded ones.
      if (version !== undefined) {
        versions.set(version, { path: folder, fingerprint: temporary, isFromNetwork: true });
      }
    }
    if (versions.size === 0) {
      throw invalidArgument(
        `The files for model '${modelName}' hold no version: name them '<version>/<name>'.`,
      );
    }
    return { versions, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface OverridePlace {
  readonly version: number | undefined;
  readonly fileName: string;
}

function parseOverridePath(modelName: string, path: string): OverridePlace {
  const parts = path.split('/');
  const fileName = parts.at(-1) ?? '';
  const version = parts.length === 2 ? parseVersionFolder(parts[0] ?? '') : undefined;
  const isPlain =
    fileName.length <= maxNameLength &&
    /^[^/\\\0]+$/.test(fileName) &&
    fileName !== '.' &&
    fileName !== '..';
  if (isPlain && (parts.length === 1 || version !== undefined)) return { version, fileName };
  const shown = path.slice(0, 100);
  // Triton fails at writing such a file, and programs written for it look for that code and text.
  if (fileName.length > maxNameLength) {
    throw new HeadwayError(
      'internal',
      `failed to load '${modelName}', failed to poll from model repository: the name of the file '${shown}' is longer than ${maxNameLength} characters`,
    );
  }
  throw invalidArgument(
    `'${shown}' is no name for a file of model '${modelName}': expected '<version>/<name>'.`,
  );
}
