import { HeadwayError } from '../../core/error.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { outcomeOf } from '../../loadgen/summary/measured-rows.ts';
import { requestLines } from '../../loadgen/summary/request-lines.ts';
import type { EvidenceColumn, EvidenceColumns } from '../../store/evidence.ts';
import type { EvidenceRecord, EvidenceRun } from '../../store/evidence-record.ts';
import { restoreRun } from './stored-run.ts';

export const exportFormats = ['json', 'csv', 'jsonl'] as const;

export type ExportFormat = (typeof exportFormats)[number];

/** Gives the samples of a run, which are read one run at a time. */
export type ReadRun = (name: string) => EvidenceColumns;

/**
 * A record in pieces of text. `json`: everything, samples as lists of numbers by run and column, with
 * `null` for a time that never came. `jsonl` and `csv`: one line a request, those of warm-ups too.
 * @throws HeadwayError `failed_precondition` when lines are wanted of samples that are not of
 * requests.
 */
export function exportRecord(
  record: EvidenceRecord,
  readRun: ReadRun,
  format: ExportFormat,
): Iterable<string> {
  switch (format) {
    case 'json':
      return jsonPieces(record, readRun);
    case 'jsonl':
      return jsonLines(record, readRun);
    case 'csv':
      return csvLines(record, readRun);
  }
}

function* jsonPieces(record: EvidenceRecord, readRun: ReadRun): Generator<string> {
  const { runs, ...rest } = record;
  yield `${JSON.stringify(rest).slice(0, -1)},"runs":[`;
  for (const [index, { name, about }] of runs.entries()) {
    yield `${index === 0 ? '' : ','}\n{"name":${JSON.stringify(name)},"about":${JSON.stringify(about)},"columns":{`;
    for (const [place, [column, values]] of Object.entries(readRun(name)).entries()) {
      yield `${place === 0 ? '' : ','}\n${JSON.stringify(column)}:[`;
      yield* numberPieces(values);
      yield ']';
    }
    yield '}}';
  }
  yield ']}\n';
}

const pieceLength = 10_000;

function* numberPieces(values: EvidenceColumn): Generator<string> {
  for (let from = 0; from < values.length; from += pieceLength) {
    const piece = Array.from(values.subarray(from, from + pieceLength));
    yield `${from === 0 ? '' : ','}${JSON.stringify(piece).slice(1, -1)}`;
  }
}

function* jsonLines(record: EvidenceRecord, readRun: ReadRun): Generator<string> {
  for (const run of record.runs) {
    const start = `{"run":${JSON.stringify(run.name)},`;
    for (const line of requestLines(requestsOf(record, run, readRun))) {
      yield `${start}${line.slice(1)}\n`;
    }
  }
}

const timeColumns = [
  'intendedMs',
  'sentMs',
  'firstByteMs',
  'endMs',
  'queueMs',
  'computeMs',
] as const satisfies (keyof LoadRun['samples'])[];

function* csvLines(record: EvidenceRecord, readRun: ReadRun): Generator<string> {
  yield `run,index,isWarmup,outcome,${timeColumns.join(',')}\n`;
  for (const run of record.runs) {
    const { samples, warmupMs } = requestsOf(record, run, readRun);
    const name = `"${run.name.replaceAll('"', '""')}"`;
    for (let row = 0; row < samples.count; row += 1) {
      const isWarmup = (samples.intendedMs[row] ?? 0) < warmupMs;
      const times = timeColumns.map((column) => csvNumber(samples[column][row]));
      yield `${name},${row},${isWarmup},${outcomeOf(samples, row)},${times.join(',')}\n`;
    }
  }
}

function csvNumber(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : String(value);
}

function requestsOf(record: EvidenceRecord, run: EvidenceRun, readRun: ReadRun): LoadRun {
  const restored = restoreRun(readRun(run.name), run.about);
  if (restored !== undefined) return restored;
  throw new HeadwayError(
    'failed_precondition',
    `Run '${run.name}' of record ${record.id} holds no samples of requests: export it with --format json.`,
  );
}
