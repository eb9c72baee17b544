import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HeadwayError } from '../core/error.ts';
import { applicationId, migrate, migrations, readPragma } from './schema.ts';
import { toStorageError } from './storage-error.ts';

/** How long a process waits for another's write, which takes as long as packing one run. */
const busyTimeoutMs = 20_000;

/**
 * Opens the evidence file, and makes it with its folder where there is none. Several processes may
 * do so at once. A file that is not ours is left untouched.
 * @throws HeadwayError that names the file, when it cannot be used.
 */
export function openDatabase(path: string): DatabaseSync {
  makeFolder(dirname(path));
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    prepare(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw toStorageError(error, path);
  }
}

function prepare(database: DatabaseSync, path: string): void {
  const isNew = isEmpty(database);
  if (isNew) {
    // Both must come before the first table.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
  } else if (readPragma(database, 'application_id') !== applicationId) {
    throw new HeadwayError(
      'failed_precondition',
      `The evidence file '${path}' is no evidence file: it is a database of another program; move it away, or name another folder with --home.`,
    );
  }
  database.exec('PRAGMA journal_mode = WAL');
  migrate(database, path, migrations);
  // With its first pages out of the log, the file can shrink to them even on a full disk.
  if (isNew) database.prepare('PRAGMA wal_checkpoint(PASSIVE)').all();
}

function isEmpty(database: DatabaseSync): boolean {
  return (
    readPragma(database, 'application_id') === 0 &&
    database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
  );
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new HeadwayError(
      code === 'EACCES' ? 'permission_denied' : 'failed_precondition',
      `The folder '${folder}' for evidence cannot be made (${code}): name another with --home.`,
      { cause },
    );
  }
}
