import { hash } from 'node:crypto';
import { type BigIntStats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidArgument } from '../core/error.ts';
import { isInside } from './contained-path.ts';

const maxEntryCount = 10_000;
const maxDepth = 16;

/** Files to take a fingerprint of. */
export interface FingerprintRequest {
  /** Real path of the repository's root. */
  readonly root: string;
  /** Real path of the folder. */
  readonly folder: string;
  /** How messages call the folder: `<model>/<version>`. */
  readonly label: string;
  /** Entries of the folder itself to leave out. */
  readonly skip?: (name: string) => boolean;
}

/**
 * A text that changes when a file under a folder is added, removed, replaced or written. Contents
 * are not read: names, sizes, times and inodes are compared.
 * @throws HeadwayError `invalid_argument` for a link out of the root, for anything that is neither
 * file nor folder, and for a folder too deep or with too many entries.
 */
export async function fingerprintFolder(request: FingerprintRequest): Promise<string> {
  const lines: string[] = [];
  await collect(request, { path: request.folder, label: request.label, depth: 0, lines });
  return hash('sha256', lines.join('\n'));
}

interface Visit {
  readonly path: string;
  readonly label: string;
  readonly depth: number;
  readonly lines: string[];
}

async function collect(request: FingerprintRequest, visit: Visit): Promise<void> {
  const { path, label, depth, lines } = visit;
  if (depth > maxDepth) throw invalidArgument(`'${label}' is nested too deeply.`);
  const names = (await readdir(path)).toSorted();
  for (const name of names) {
    if (depth === 0 && request.skip?.(name) === true) continue;
    const entry = { path: join(path, name), label: `${label}/${name}` };
    const stats = await containedStat(request.root, entry);
    lines.push(`${entry.label} ${stats.size} ${stats.mtimeNs} ${stats.ino}`);
    if (lines.length > maxEntryCount) {
      throw invalidArgument(`'${request.label}' has more than ${maxEntryCount} files.`);
    }
    if (stats.isDirectory()) await collect(request, { ...entry, depth: depth + 1, lines });
    else if (!stats.isFile()) throw invalidArgument(`'${entry.label}' is neither file nor folder.`);
  }
}

async function containedStat(
  root: string,
  { path, label }: { readonly path: string; readonly label: string },
): Promise<BigIntStats> {
  const stats = await lstat(path, { bigint: true });
  if (!stats.isSymbolicLink()) return stats;
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || !isInside(root, real)) {
    throw invalidArgument(`'${label}' is a link to something that is not in the model repository.`);
  }
  return stat(path, { bigint: true });
}
