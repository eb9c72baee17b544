import type { EvidenceSummary } from '../../store/evidence-record.ts';
import type { Style } from '../style.ts';
import { formatTable, plainText } from '../text-table.ts';
import type { LoadComparison, QuantileDifference } from './compare-loads.ts';
import type { RecordComparison } from './compare-records.ts';
import type { Difference } from './flatten.ts';

/** A comparison of two records for people; only what differs of how they were made. */
export function formatComparison(comparison: RecordComparison, style: Style): string[] {
  const { a, b, runs, pairedLatencyMs, unmatched } = comparison;
  const made = (['settings', 'server', 'machine', 'versions'] as const).flatMap((part) =>
    section(part, comparison[part], style),
  );
  return [
    style.bold(`A ${headOf(a)}`),
    style.bold(`B ${headOf(b)}`),
    ...(made.length === 0 ? ['', 'Both were made in the same way, on the same machine.'] : made),
    ...runs.flatMap((run) => runLines(run, style)),
    ...pairLines(pairedLatencyMs, style),
    ...section('runs that only one has', unmatched, style),
    '',
    runs.length > 0 ? note : 'They have no run of load in common to compare.',
  ];
}

const note =
  'Intervals of single runs (95 %) are of what varies within them; what changed between the two besides is not in them. `headway bench --vs` measures two servers in turns.';

function headOf({ id, kind, verdict, state, command }: EvidenceSummary): string {
  return plainText(`${id}  ${kind}  ${verdict ?? state}  ${command}`);
}

function section(title: string, found: readonly Difference[], style: Style): string[] {
  if (found.length === 0) return [];
  const rows = found.map(({ path, a, b }) => [path, shorten(a), shorten(b)]);
  return ['', style.bold(title), ...formatTable([['', 'A', 'B'], ...rows])];
}

const widestValue = 60;

function shorten(text: string | null): string {
  if (text === null) return '–';
  return text.length > widestValue ? `${text.slice(0, widestValue)}…` : text;
}

function runLines({ name, counts, latencyMs }: LoadComparison, style: Style): string[] {
  const rows = counts.map((count) => [count.name, numberText(count.a), numberText(count.b)]);
  return ['', style.bold(plainText(`run ${name}`)), ...table([...rows, ...latencyMs.map(row)])];
}

function pairLines(latencyMs: readonly QuantileDifference[], style: Style): string[] {
  if (latencyMs.length === 0) return [];
  const title = 'mean over the runs on one schedule, in pairs';
  return ['', style.bold(title), ...table(latencyMs.map(row))];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const head = ['', 'A', 'B', 'B − A', '95 % interval', ''];
  return formatTable([head, ...rows], { rightColumns: [1, 2, 3] });
}

function row({ quantile, a, b, difference, low, high }: QuantileDifference): string[] {
  const name = `latency p${Number((quantile * 100).toFixed(1))} ms`;
  const finding = low > 0 ? 'B is slower' : high < 0 ? 'B is faster' : '';
  const interval = `${signed(low)} to ${signed(high)}`;
  return [name, timeText(a), timeText(b), signed(difference), interval, finding];
}

function signed(ms: number): string {
  return ms > 0 ? `+${timeText(ms)}` : timeText(ms);
}

function timeText(ms: number): string {
  return ms.toFixed(Math.abs(ms) >= 100 ? 1 : 2);
}

function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : timeText(value);
}
