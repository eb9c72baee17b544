import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Folders nobody has touched for this long are rubbish. */
const abandonedMs = 7 * 24 * 3_600_000;

/** A folder that one acquisition has for itself. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
  /** Says that nothing in the folder is worth going on from; disposing then removes it. */
  finish(): void;
}

/**
 * Takes the folder of an acquisition, with what an earlier try left in it. Renaming a folder is
 * atomic, so two processes never share one: the second starts with an empty folder of its own.
 * Disposing puts an unfinished folder back for the next try.
 * @param parent the folder of all of these.
 * @param key names the acquisition; letters and digits.
 */
export async function claimWorkspace(parent: string, key: string): Promise<Workspace> {
  await mkdir(parent, { recursive: true });
  const host = hostname().replaceAll(/[^\w-]/g, '_');
  const directory = join(parent, `${key}.${host}.${process.pid}.${randomBytes(6).toString('hex')}`);
  const resting = join(parent, key);
  const names = await readdir(parent);
  const candidates = [key, ...names.filter((name) => isOrphan(name, key, host))];
  await takeFirst(parent, candidates, directory);
  await removeAbandoned(parent, names);
  let isFinished = false;
  return {
    directory,
    finish() {
      isFinished = true;
    },
    async [Symbol.asyncDispose]() {
      const isWorthKeeping = !isFinished && (await readdir(directory)).length > 0;
      const isKept = isWorthKeeping && (await tryRename(directory, resting));
      if (!isKept) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function takeFirst(
  parent: string,
  candidates: readonly string[],
  directory: string,
): Promise<void> {
  for (const name of candidates) {
    if (await tryRename(join(parent, name), directory)) return;
  }
  await mkdir(directory);
}

/** Whether a folder belongs to a process of this machine that is no more. */
function isOrphan(name: string, key: string, host: string): boolean {
  const [ofKey, ofHost, pid] = name.split('.');
  return ofKey === key && ofHost === host && pid !== undefined && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function tryRename(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch {
    return false;
  }
}

async function removeAbandoned(parent: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(parent, name);
    try {
      // A download touches its folder's files, an extraction too; the folder alone tells little.
      const times = await Promise.all(
        [path, ...(await readdir(path)).map((file) => join(path, file))].map(
          async (each) => (await stat(each)).mtimeMs,
        ),
      );
      if (Date.now() - Math.max(...times) < abandonedMs) continue;
      await rm(path, { recursive: true, force: true });
    } catch {
      // Taken or removed by another process meanwhile.
    }
  }
}
