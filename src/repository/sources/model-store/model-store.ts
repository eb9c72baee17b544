import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileDigest } from './hash-file.ts';
import { type LockEntry, readLockFile, updateLockFile } from './lock-file.ts';
import { type Workspace, claimWorkspace } from './workspace.ts';

/**
 * Model files by their content, shared by any number of processes: `blobs/<sha256>`, the lock file
 * `models.lock.json` that says which reference is which file, and `partial/` for what is under way.
 */
export interface ModelStore {
  /** The path of a file the store has whole; `undefined` otherwise. */
  find(digest: FileDigest): Promise<string | undefined>;
  /** Moves a file of a workspace in. @returns its path in the store. */
  add(path: string, digest: FileDigest): Promise<string>;
  entries(): Promise<ReadonlyMap<string, LockEntry>>;
  record(key: string, entry: LockEntry): Promise<void>;
  claim(key: string): Promise<Workspace>;
}

/**
 * Opens the store of a home folder, `<home>/models`; folders are made when first needed.
 * @param directory the store's own folder.
 */
export function createModelStore(directory: string): ModelStore {
  const lockPath = join(directory, 'models.lock.json');
  const blobDirectory = join(directory, 'blobs');

  async function find({ sha256, bytes }: FileDigest): Promise<string | undefined> {
    const path = join(blobDirectory, sha256);
    try {
      const found = await stat(path);
      return found.isFile() && found.size === bytes ? path : undefined;
    } catch {
      return undefined;
    }
  }

  return {
    find,
    async add(path, digest) {
      const known = await find(digest);
      if (known !== undefined) {
        await rm(path);
        return known;
      }
      await mkdir(blobDirectory, { recursive: true });
      await settle(path);
      const target = join(blobDirectory, digest.sha256);
      await rename(path, target);
      return target;
    },
    entries: () => readLockFile(lockPath),
    async record(key, entry) {
      await mkdir(directory, { recursive: true });
      await updateLockFile(lockPath, key, entry);
    },
    claim: (key) => claimWorkspace(join(directory, 'partial'), key),
  };
}

/** Makes sure the bytes outlive a power cut before a name promises them, and are not edited. */
async function settle(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
  await chmod(path, 0o444);
}
