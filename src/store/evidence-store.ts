import type { Clock } from '../core/clock.ts';
import { HeadwayError } from '../core/error.ts';
import type { EvidenceColumns, EvidencePlace, EvidenceStart, EvidenceWriter } from './evidence.ts';
import type { EvidenceRecord, EvidenceSummary } from './evidence-record.ts';
import { beginRecord } from './evidence-writer.ts';
import { openDatabase } from './open-database.ts';
import {
  type ReadContext,
  readColumns,
  readRecord,
  readRecords,
  readSummaries,
} from './read-records.ts';
import type { Processes } from './record-owner.ts';
import { resolveRecordId } from './resolve-id.ts';
import { toStorageError } from './storage-error.ts';
import { inTransaction } from './transaction.ts';

/** Evidence of every measurement, in one SQLite file that several processes may use at once. */
export interface EvidenceStore extends Disposable {
  readonly path: string;
  /** Writes down that a measurement begins. */
  begin(start: EvidenceStart, place: EvidencePlace): EvidenceWriter;
  /** Every record, the newest first. */
  list(): readonly EvidenceSummary[];
  /** The same with all that is known of them. */
  readAll(): readonly EvidenceRecord[];
  /**
   * The whole id of the record that `given` means: an id, the start of one, or `latest`.
   * @throws HeadwayError `not_found`, or `invalid_argument` when several begin so.
   */
  resolveId(given: string): string;
  /** @throws HeadwayError `not_found` when there is no record with this id. */
  read(id: string): EvidenceRecord;
  /**
   * The samples of one run, by column.
   * @throws HeadwayError `not_found` when there is no such run, `data_loss` when they are damaged.
   */
  readColumns(id: string, run: string): EvidenceColumns;
  /**
   * Removes records, all or none, and gives their room back to the disk.
   * @throws HeadwayError `failed_precondition` when one is still being written.
   */
  remove(ids: readonly string[]): void;
}

/** What a store is given of its surroundings. */
export interface EvidenceStoreParts {
  readonly clock: Pick<Clock, 'epochMs'>;
  readonly processes: Processes;
}

/**
 * Opens the evidence file, making it where there is none.
 * @throws HeadwayError that names the file, when it cannot be opened or made, is damaged, or is not
 * one of ours, in which case it is left as it is.
 */
export function openEvidenceStore(path: string, parts: EvidenceStoreParts): EvidenceStore {
  const database = openDatabase(path);
  const context: ReadContext = { database, ...parts };
  const guard = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      throw toStorageError(error, path);
    }
  };
  return {
    path,
    begin: (start, place) => beginRecord({ ...context, guard }, start, place),
    list: () => guard(() => readSummaries(context)),
    readAll: () => guard(() => readRecords(context)),
    resolveId: (given) => guard(() => resolveRecordId(database, given)),
    read: (id) => guard(() => readRecord(context, id)),
    readColumns: (id, run) => guard(() => readColumns(database, id, run)),
    remove: (ids) => guard(() => removeRecords(context, ids)),
    [Symbol.dispose]: () => {
      if (database.isOpen) database.close();
    },
  };
}

function removeRecords(context: ReadContext, ids: readonly string[]): void {
  const { database } = context;
  inTransaction(database, () => {
    for (const id of ids) {
      if (readRecord(context, id).state === 'running') throw stillRunning(id);
      database.prepare('DELETE FROM record WHERE id = ?').run(id);
    }
    // In the same transaction, so that it works on a full disk, where the log cannot grow.
    database.prepare('PRAGMA incremental_vacuum').all();
  });
  try {
    database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  } catch {
    // The records are gone; their room comes free when the disk lets the log be worked off.
  }
}

function stillRunning(id: string): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `Record ${id} is still being written: remove it when its measurement has ended, or stop that first.`,
  );
}
