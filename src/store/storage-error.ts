import { type ErrorCode, HeadwayError } from '../core/error.ts';

/** What node:sqlite throws: `errcode` is SQLite's extended result code. */
interface SqliteError extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

interface Meaning {
  readonly code: ErrorCode;
  /** Follows the file's name. */
  readonly text: string;
}

/** Primary result codes that say something of the file or the disk. Source: sqlite.org/rescode. */
const meanings: Readonly<Record<number, Meaning>> = {
  3: { code: 'permission_denied', text: 'may not be used by this user' },
  5: { code: 'unavailable', text: 'is kept busy by another process; try again when it has ended' },
  6: { code: 'unavailable', text: 'is locked by another process; try again when it has ended' },
  8: {
    code: 'permission_denied',
    text: 'cannot be written; give this user the file and its folder, or name another with --home',
  },
  10: {
    code: 'data_loss',
    text: 'could not be read or written; look whether its disk is full or failing, or whether a limit on file sizes holds',
  },
  11: {
    code: 'data_loss',
    text: 'is damaged; move it away (the next run begins a new one), and try `sqlite3 FILE .recover` on it',
  },
  13: {
    code: 'resource_exhausted',
    text: 'cannot grow, since its disk is full; make room, with `headway evidence rm` too',
  },
  14: {
    code: 'failed_precondition',
    text: 'cannot be opened; its folder must be there and may be used by this user, and it must be a file',
  },
  26: {
    code: 'failed_precondition',
    text: 'is no evidence file: it is not one of SQLite; move it away, or name another folder with --home',
  },
};

/**
 * Turns what SQLite reports of the file into words that name it. What it says of a statement is an
 * error of ours, and stays as it is.
 */
export function toStorageError(thrown: unknown, path: string): unknown {
  if (!isSqliteError(thrown)) return thrown;
  const meaning = meanings[thrown.errcode & 0xff];
  if (meaning === undefined) return thrown;
  const detail = ` (SQLite: ${thrown.message})`;
  return new HeadwayError(meaning.code, `The evidence file '${path}' ${meaning.text}${detail}.`, {
    cause: thrown,
  });
}

function isSqliteError(thrown: unknown): thrown is SqliteError {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number';
}
