import type { DatabaseSync } from 'node:sqlite';
import { HeadwayError } from '../core/error.ts';

/** Marks a SQLite file as ours: `HWEV`. */
export const applicationId = 0x48_57_45_56;

/** What makes each version of the tables from the one before; never changed once published. */
export const migrations: readonly string[] = [
  `CREATE TABLE record (
     id TEXT PRIMARY KEY,
     kind TEXT NOT NULL,
     begun_at_ms INTEGER NOT NULL,
     written_at_ms INTEGER NOT NULL,
     ended_at_ms INTEGER,
     outcome TEXT CHECK (outcome IN ('finished', 'failed', 'partial')),
     reason TEXT,
     verdict TEXT,
     command TEXT NOT NULL,
     url TEXT NOT NULL,
     model TEXT,
     seed INTEGER NOT NULL,
     settings TEXT NOT NULL,
     server TEXT NOT NULL,
     machine TEXT NOT NULL,
     versions TEXT NOT NULL,
     owner TEXT NOT NULL,
     result TEXT,
     CHECK ((outcome IS NULL) = (ended_at_ms IS NULL))
   ) STRICT;
   CREATE INDEX record_by_begin ON record (begun_at_ms);
   CREATE TABLE run (
     id INTEGER PRIMARY KEY,
     record_id TEXT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
     name TEXT NOT NULL,
     about TEXT NOT NULL,
     UNIQUE (record_id, name)
   ) STRICT;
   CREATE TABLE sample_column (
     id INTEGER PRIMARY KEY,
     run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
     name TEXT NOT NULL,
     datatype TEXT NOT NULL,
     length INTEGER NOT NULL,
     data BLOB NOT NULL,
     UNIQUE (run_id, name)
   ) STRICT;`,
  'ALTER TABLE record ADD COLUMN cwd TEXT;',
];

/**
 * Brings the tables to the newest version, all of it or nothing, however many processes try.
 * @param steps what makes each version from the one before.
 * @throws HeadwayError `failed_precondition` when the file is of a version this program does not
 * know.
 */
export function migrate(database: DatabaseSync, path: string, steps: readonly string[]): void {
  if (readPragma(database, 'user_version') === steps.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have done it while this one waited.
    const version = readPragma(database, 'user_version');
    if (version > steps.length) throw tooNew(path, version, steps.length);
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(
      `PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${applicationId}`,
    );
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** The value of a pragma that is one whole number. */
export function readPragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() ?? {};
  return Number(Object.values(row)[0]);
}

function tooNew(path: string, version: number, known: number): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `The evidence file '${path}' is of version ${version}, and this Headway knows up to ${known}: use the newer Headway that wrote it, or name another folder with --home.`,
  );
}
