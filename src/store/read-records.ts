import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../core/clock.ts';
import { HeadwayError } from '../core/error.ts';
import { didYouMean } from '../core/nearest-name.ts';
import { decodeColumn } from './column-codec.ts';
import type { EvidenceColumn, EvidenceColumns, EvidenceKind } from './evidence.ts';
import type {
  EvidenceRecord,
  EvidenceRun,
  EvidenceState,
  EvidenceSummary,
} from './evidence-record.ts';
import { type Processes, type RecordOwner, isOwnerGone } from './record-owner.ts';

/** What records are read with. */
export interface ReadContext {
  readonly database: DatabaseSync;
  readonly clock: Pick<Clock, 'epochMs'>;
  readonly processes: Processes;
}

type Row = Readonly<Record<string, SQLOutputValue>>;
type Json = Readonly<Record<string, unknown>>;

const summarySql =
  'SELECT *, (SELECT count(*) FROM run WHERE record_id = record.id) AS run_count FROM record';

const newestFirstSql = `${summarySql} ORDER BY begun_at_ms DESC, record.rowid DESC`;

/** Every record, the newest first. */
export function readSummaries(context: ReadContext): EvidenceSummary[] {
  const rows = context.database.prepare(newestFirstSql).all();
  return rows.map((row) => toSummary(context, row));
}

/** The same with all that is known of them. Of one that is removed meanwhile there may be no runs. */
export function readRecords(context: ReadContext): EvidenceRecord[] {
  const rows = context.database.prepare(newestFirstSql).all();
  return rows.map((row) => toRecord(context, row));
}

/** @throws HeadwayError `not_found` when there is no record with this id. */
export function readRecord(context: ReadContext, id: string): EvidenceRecord {
  const row = context.database.prepare(`${summarySql} WHERE id = ?`).get(id);
  if (row === undefined) throw new HeadwayError('not_found', `There is no record '${id}'.`);
  return toRecord(context, row);
}

function toRecord(context: ReadContext, row: Row): EvidenceRecord {
  return {
    ...toSummary(context, row),
    cwd: text(row['cwd']),
    settings: json(row['settings']) as Json,
    server: json(row['server']) as Json,
    machine: json(row['machine']) as Json,
    versions: json(row['versions']) as Json,
    result: json(row['result']),
    runs: readRuns(context.database, String(row['id'])),
  };
}

/**
 * The samples of one run, by column.
 * @throws HeadwayError `not_found` when there is no such run, `data_loss` when they are damaged.
 */
export function readColumns(database: DatabaseSync, id: string, run: string): EvidenceColumns {
  const found = database
    .prepare('SELECT id FROM run WHERE record_id = ? AND name = ?')
    .get(id, run);
  if (found === undefined) throw noRun(database, id, run);
  const rows = database
    .prepare('SELECT name, data FROM sample_column WHERE run_id = ? ORDER BY id')
    .iterate(Number(found['id']));
  const columns: Record<string, EvidenceColumn> = {};
  for (const row of rows) {
    const name = String(row['name']);
    columns[name] = decodeNamed(row['data'], `record ${id}, run '${run}', column '${name}'`);
  }
  return columns;
}

function decodeNamed(data: SQLOutputValue | undefined, place: string): EvidenceColumn {
  try {
    return decodeColumn(data instanceof Uint8Array ? data : new Uint8Array());
  } catch (cause) {
    if (!(cause instanceof HeadwayError)) throw cause;
    throw new HeadwayError(cause.code, `${cause.message.slice(0, -1)} (${place}).`, { cause });
  }
}

function noRun(database: DatabaseSync, id: string, run: string): HeadwayError {
  const names = readRuns(database, id).map(({ name }) => name);
  const hint = didYouMean(run, names) || `; it has ${names.join(', ') || 'none'}.`;
  return new HeadwayError('not_found', `Record ${id} has no run '${run}'${hint}`);
}

function readRuns(database: DatabaseSync, id: string): EvidenceRun[] {
  const columns = database.prepare(
    'SELECT name, datatype, length, length(data) AS bytes FROM sample_column WHERE run_id = ? ORDER BY id',
  );
  return database
    .prepare('SELECT id, name, about FROM run WHERE record_id = ? ORDER BY id')
    .all(id)
    .map((run) => ({
      name: String(run['name']),
      about: json(run['about']) as Json,
      columns: columns.all(Number(run['id'])).map((column) => ({
        name: String(column['name']),
        datatype: String(column['datatype']),
        length: Number(column['length']),
        storedBytes: Number(column['bytes']),
      })),
    }));
}

function toSummary(context: ReadContext, row: Row): EvidenceSummary {
  return {
    id: String(row['id']),
    kind: String(row['kind']) as EvidenceKind,
    state: stateOf(context, row),
    begunAtMs: Number(row['begun_at_ms']),
    endedAtMs: row['ended_at_ms'] === null ? null : Number(row['ended_at_ms']),
    verdict: text(row['verdict']),
    reason: text(row['reason']),
    url: String(row['url']),
    model: text(row['model']),
    seed: Number(row['seed']),
    command: String(row['command']),
    runCount: Number(row['run_count']),
  };
}

function stateOf({ clock, processes }: ReadContext, row: Row): EvidenceState {
  if (row['outcome'] !== null) return String(row['outcome']) as EvidenceState;
  const owner = json(row['owner']) as RecordOwner;
  const silentMs = clock.epochMs() - Number(row['written_at_ms']);
  return isOwnerGone(owner, processes, silentMs) ? 'partial' : 'running';
}

function text(value: SQLOutputValue | undefined): string | null {
  return value == null ? null : String(value);
}

function json(value: SQLOutputValue | undefined): unknown {
  return value == null ? null : JSON.parse(String(value));
}
