import type { EvidenceRecord, EvidenceSummary } from '../../store/evidence-record.ts';
import { formatBytes } from '../progress.ts';
import type { Style } from '../style.ts';
import { formatTable, plainText } from '../text-table.ts';
import { flatten } from './flatten.ts';
import { formatResult } from './format-result.ts';
import { loadText, resultText } from './record-facts.ts';

/** Records as a table for people, one line each. */
export function formatList(records: readonly EvidenceRecord[]): string[] {
  const heads = ['id', 'kind', 'begun', 'took', 'ended', 'runs', 'load', 'result', 'model', 'url'];
  const rows = records.map((record) => [
    record.id,
    record.kind,
    formatTime(record.begunAtMs),
    tookText(record),
    endText(record),
    String(record.runCount),
    loadText(record),
    resultText(record),
    record.model ?? '–',
    record.url,
  ]);
  return formatTable([heads, ...rows], { indent: 0, rightColumns: [3, 5] });
}

/** What there is to know of a record, for people: without its samples, and what programs read. */
export function formatRecord(record: EvidenceRecord, style: Style): string[] {
  const { machine, settings, server, versions, runs } = record;
  const found = formatResult(record);
  return [
    style.bold(`${record.id}  ${record.kind}  ${endText(record)}`),
    ...formatTable([
      ['begun', formatTime(record.begunAtMs)],
      ['took', tookText(record)],
      ...(record.reason === null ? [] : [['reason', record.reason]]),
      ['url', record.url],
      ['model', record.model ?? '–'],
      ['seed', String(record.seed)],
      ...(record.cwd === null ? [] : [['in', record.cwd]]),
    ]),
    // On a line of its own, to be copied whole.
    `  ${plainText(record.command)}`,
    ...(found.length === 0 ? [] : ['', style.bold('result'), ...found]),
    ...section('settings', settings, style),
    ...section('server', briefServer(server), style),
    ...section('machine', machine, style),
    ...section('versions', versions, style),
    '',
    style.bold('runs'),
    ...formatTable(runs.map(runRow), { rightColumns: [1, 2] }),
    '',
    style.dim('  --json shows the whole result, configs and files too'),
  ];
}

/** Who answered, and with which model; configs, tensors and lists of files are for programs. */
function briefServer(server: EvidenceRecord['server']): unknown {
  const { server: own, model } = server as Record<string, Readonly<Record<string, unknown>> | null>;
  const sha256 = model?.['sha256'] ?? undefined;
  return {
    ...(own ? { name: own['name'], version: own['version'] } : {}),
    ...(model ? { model: model['name'], platform: model['platform'] } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** A verdict tells of the whole measurement only where that has come to its end. */
function endText({ state, verdict }: EvidenceSummary): string {
  return state === 'finished' ? (verdict ?? state) : state;
}

function runRow({ name, columns }: EvidenceRecord['runs'][number]): string[] {
  const storedBytes = columns.reduce((sum, column) => sum + column.storedBytes, 0);
  const rows = columns[0]?.length ?? 0;
  const names = columns.map((column) => column.name).join(' ');
  return [name, `${rows} rows`, formatBytes(storedBytes), names];
}

const widestValue = 200;

function section(title: string, value: unknown, style: Style): string[] {
  const entries = [...flatten(value ?? {})].filter(([, text]) => text !== '{}');
  if (entries.length === 0) return [];
  const rows = entries.map(([path, text]) => [
    path,
    text.length > widestValue ? `${text.slice(0, widestValue)}…` : text,
  ]);
  return ['', style.bold(title), ...formatTable(rows)];
}

/** A time as `2026-05-01 12:00:00Z`. */
function formatTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

function tookText({ begunAtMs, endedAtMs }: EvidenceSummary): string {
  return endedAtMs === null ? '–' : `${((endedAtMs - begunAtMs) / 1000).toFixed(1)} s`;
}
