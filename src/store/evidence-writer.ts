import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { HeadwayError } from '../core/error.ts';
import { columnDatatype, encodeColumn } from './column-codec.ts';
import type { EvidenceColumns, EvidencePlace, EvidenceStart, EvidenceWriter } from './evidence.ts';
import type { ReadContext } from './read-records.ts';
import { inTransaction } from './transaction.ts';

/** What a record is written with. */
export interface WriteContext extends ReadContext {
  /** Does work of which SQLite's errors are told as the store's. */
  readonly guard: <Value>(work: () => Value) => Value;
}

/** How a record ends. */
interface Ending {
  readonly outcome: 'finished' | 'failed' | 'partial';
  readonly reason?: string;
  readonly verdict?: string | undefined;
  readonly result?: unknown;
}

/**
 * Writes down that a measurement begins, so that even one that dies at once is known.
 * @throws HeadwayError `resource_exhausted` when the disk is full.
 */
export function beginRecord(
  context: WriteContext,
  start: EvidenceStart,
  place: EvidencePlace,
): EvidenceWriter {
  const id = randomBytes(5).toString('hex');
  const { database, guard } = context;
  guard(() => insertRecord(context, { id, start, place }));
  let isEnded = false;
  const end = (ending: Ending): void => {
    if (isEnded) throw alreadyEnded(id);
    guard(() => endRecord(context, id, ending));
    isEnded = true;
  };
  const endQuietly = (ending: Ending): void => {
    if (isEnded || !database.isOpen) return;
    try {
      end(ending);
    } catch {
      // The record then counts as partial once this process is gone.
    }
  };
  return {
    id,
    addRun(name, columns, about = {}) {
      if (isEnded) throw alreadyEnded(id);
      // Packed before the write begins, which other processes may be waiting for.
      const packed = packColumns(columns);
      guard(() => inTransaction(database, () => insertRun(context, { id, name, about, packed })));
    },
    finish: (result, verdict) => end({ outcome: 'finished', result, verdict }),
    breakOff: ({ state, ...ending }) => end({ outcome: state, ...ending }),
    fail: (reason) => endQuietly({ outcome: 'failed', reason }),
    [Symbol.dispose]: () =>
      endQuietly({ outcome: 'partial', reason: 'stopped before the measurement ended' }),
  };
}

interface NewRecord {
  readonly id: string;
  readonly start: EvidenceStart;
  readonly place: EvidencePlace;
}

function insertRecord(context: WriteContext, { id, start, place }: NewRecord): void {
  const { database, clock, processes } = context;
  const nowMs = Math.round(clock.epochMs());
  insert(database, 'record', {
    id,
    kind: start.kind,
    begun_at_ms: nowMs,
    written_at_ms: nowMs,
    command: start.command,
    cwd: start.cwd,
    url: start.url,
    model: start.model ?? null,
    seed: start.seed,
    settings: JSON.stringify(start.settings),
    server: JSON.stringify(start.server),
    machine: JSON.stringify(place.machine),
    versions: JSON.stringify(place.versions),
    owner: JSON.stringify(processes.own),
  });
}

interface PackedColumn {
  readonly name: string;
  readonly datatype: string;
  readonly length: number;
  readonly data: Uint8Array;
}

function packColumns(columns: EvidenceColumns): readonly PackedColumn[] {
  return Object.entries(columns).map(([name, column]) => ({
    name,
    datatype: columnDatatype(column),
    length: column.length,
    data: encodeColumn(column),
  }));
}

interface NewRun {
  readonly id: string;
  readonly name: string;
  readonly about: Readonly<Record<string, unknown>>;
  readonly packed: readonly PackedColumn[];
}

function insertRun({ database, clock }: WriteContext, { id, name, about, packed }: NewRun): void {
  const touched = database
    .prepare('UPDATE record SET written_at_ms = ? WHERE id = ?')
    .run(Math.round(clock.epochMs()), id);
  if (touched.changes === 0) throw removed(id);
  const runId = insert(database, 'run', { record_id: id, name, about: JSON.stringify(about) });
  for (const column of packed) insert(database, 'sample_column', { run_id: runId, ...column });
}

function endRecord({ database, clock }: WriteContext, id: string, ending: Ending): void {
  const nowMs = Math.round(clock.epochMs());
  const { outcome, reason = null, verdict = null, result } = ending;
  const { changes } = database
    .prepare(
      'UPDATE record SET written_at_ms = ?, ended_at_ms = ?, outcome = ?, reason = ?, verdict = ?, result = ? WHERE id = ?',
    )
    .run(nowMs, nowMs, outcome, reason, verdict, JSON.stringify(result) ?? null, id);
  if (changes === 0) throw removed(id);
}

/** @returns the number of the new row. */
function insert(
  database: DatabaseSync,
  table: string,
  values: Readonly<Record<string, string | number | bigint | Uint8Array | null>>,
): number | bigint {
  const names = Object.keys(values);
  const places = names.map(() => '?').join(', ');
  return database
    .prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`)
    .run(...Object.values(values)).lastInsertRowid;
}

function alreadyEnded(id: string): HeadwayError {
  return new HeadwayError('failed_precondition', `Record ${id} has ended; begin another one.`);
}

function removed(id: string): HeadwayError {
  return new HeadwayError('aborted', `Record ${id} was removed while it was being written.`);
}
