import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { HeadwayError } from '../../../core/error.ts';

/** What a reference turned out to be when it was first acquired. */
export interface LockEntry {
  readonly sha256: string;
  readonly bytes: number;
  /** Where the file came from. */
  readonly resolved: string;
  /** The exact version, where the source has versions. */
  readonly version?: string | undefined;
  /** ISO 8601, UTC. */
  readonly acquiredAt: string;
}

const lockSchema = z.strictObject({
  lockVersion: z.literal(1),
  models: z.record(
    z.string(),
    z.strictObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.int().nonnegative(),
      resolved: z.string(),
      version: z.string().optional(),
      acquiredAt: z.iso.datetime(),
    }),
  ),
});

const retryMs = 20;
const maxTries = 1_500;
/** A writer holds the lock for milliseconds; one this old has died. */
const staleMs = 10_000;

/**
 * Reads a lock file; one that is not there has no entries. Keys are canonical references without
 * their checksum.
 * @throws HeadwayError `failed_precondition` when it is not what was written.
 */
export async function readLockFile(path: string): Promise<ReadonlyMap<string, LockEntry>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return new Map();
    throw error;
  }
  const parsed = lockSchema.safeParse(parseJson(text));
  if (parsed.success) return new Map(Object.entries(parsed.data.models));
  throw new HeadwayError(
    'failed_precondition',
    `The lock file '${path}' is damaged: ${z.prettifyError(parsed.error)}. Restore it, or delete it to trust the sources anew.`,
  );
}

/** Adds or replaces one entry; other processes may do the same at once. */
export async function updateLockFile(path: string, key: string, entry: LockEntry): Promise<void> {
  await holding(`${path}.busy`, async () => {
    const entries = new Map(await readLockFile(path)).set(key, entry);
    const models = Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, `${JSON.stringify({ lockVersion: 1, models }, undefined, 2)}\n`, {
      flush: true,
    });
    await rename(temporary, path);
  });
}

/** Runs while a file of this name, made by nobody else, exists. */
async function holding(path: string, run: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await (await open(path, 'wx')).close();
      break;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (tries > maxTries) {
      throw new HeadwayError(
        'unavailable',
        `Another process does not let go of '${path}'. If none is running, delete that file.`,
      );
    }
    if (await isStale(path)) await rm(path, { force: true });
    else await pause(retryMs);
  }
  try {
    await run();
  } finally {
    await rm(path, { force: true });
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    // File times are the wall clock's, whatever clock the program runs on.
    return Date.now() - (await stat(path)).mtimeMs > staleMs;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
