import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ModelSpec } from '../backends/backend.ts';
import { HeadwayError } from '../core/error.ts';

/** One file of a model's version. */
export interface ModelFile {
  /** From the model's folder, with slashes: `1/model.onnx`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of its contents, in hexadecimal. */
  readonly sha256: string;
}

/**
 * The files that were loaded, in the order of their paths. Their contents are read when this is
 * first called, and not again.
 * @throws HeadwayError `failed_precondition` when they are no longer those that were loaded.
 */
export type ReadModelFiles = () => Promise<readonly ModelFile[]>;

/** As deep as a fingerprint goes. */
const maxDepth = 16;

/** Notes which files a version has, before it is loaded; what they hold is not read yet. */
export async function findModelFiles(
  spec: Pick<ModelSpec, 'name' | 'version' | 'path'>,
): Promise<ReadModelFiles> {
  const found: FoundFile[] = [];
  // Of what cannot be read, the backend knows better what to say.
  let unreadable: unknown;
  await collect(spec.path, { label: String(spec.version), depth: 0, found }).catch((thrown) => {
    unreadable = thrown;
  });
  let reading: Promise<readonly ModelFile[]> | undefined;
  const read = async (): Promise<readonly ModelFile[]> => {
    if (unreadable !== undefined) throw notReadable(spec, unreadable);
    const files: ModelFile[] = [];
    for (const file of found) files.push(await hashFile(spec, file));
    return files;
  };
  return () => {
    reading ??= read().catch((thrown: unknown) => {
      reading = undefined;
      throw thrown;
    });
    return reading;
  };
}

interface FoundFile {
  /** Where it is. */
  readonly place: string;
  /** How it is called. */
  readonly label: string;
  readonly sizeBytes: number;
  /** Another one when it is written or replaced. */
  readonly stamp: string;
}

interface Visit {
  readonly label: string;
  readonly depth: number;
  readonly found: FoundFile[];
}

async function collect(place: string, { label, depth, found }: Visit): Promise<void> {
  const stats = await stat(place, { bigint: true });
  if (stats.isFile()) {
    // A version may be a file by itself, in a store of files.
    const name = depth === 0 ? `${label}/${basename(place)}` : label;
    const stamp = `${stats.size} ${stats.mtimeNs} ${stats.ino}`;
    found.push({ place, label: name, sizeBytes: Number(stats.size), stamp });
  } else if (stats.isDirectory() && depth <= maxDepth) {
    for (const name of (await readdir(place)).toSorted()) {
      await collect(join(place, name), { label: `${label}/${name}`, depth: depth + 1, found });
    }
  }
}

async function hashFile(
  spec: Pick<ModelSpec, 'name' | 'version'>,
  { place, label, sizeBytes, stamp }: FoundFile,
): Promise<ModelFile> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(place)) hash.update(piece as Buffer);
    const now: FoundFile[] = [];
    await collect(place, { label, depth: 1, found: now });
    if (now[0]?.stamp === stamp) return { path: label, sizeBytes, sha256: hash.digest('hex') };
  } catch (cause) {
    throw notAsLoaded(spec, label, cause);
  }
  throw notAsLoaded(spec, label);
}

function notReadable(
  { name, version }: Pick<ModelSpec, 'name' | 'version'>,
  cause: unknown,
): HeadwayError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HeadwayError(
    'failed_precondition',
    `The files of model '${name}', version ${version}, could not be read when it was loaded: ${reason}. Mend that and load the model again.`,
    { cause },
  );
}

function notAsLoaded(
  { name, version }: Pick<ModelSpec, 'name' | 'version'>,
  label: string,
  cause?: unknown,
): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `'${label}' of model '${name}', version ${version}, is no longer what was loaded: it was changed or removed since, as files of a load request are. Load the model again from its folder.`,
    { cause },
  );
}
