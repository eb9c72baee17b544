import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import process from 'node:process';

/** One figure against its bar. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  /** What it is to be, such as `≤ 1.08`; empty where it is only reported. */
  readonly bar: string;
  readonly isMet: boolean | undefined;
  /** The absolute numbers behind the ratio. */
  readonly detail: string;
}

export interface BenchReport {
  readonly name: string;
  readonly rows: readonly BenchRow[];
}

/** A figure that must not exceed its bar. */
export function atMost(
  name: string,
  value: number,
  options: { bar: number; detail: string },
): BenchRow {
  return {
    name,
    value: round(value),
    bar: `≤ ${options.bar}`,
    isMet: value <= options.bar,
    detail: options.detail,
  };
}

/** A figure that must reach its bar. */
export function atLeast(
  name: string,
  value: number,
  options: { bar: number; detail: string },
): BenchRow {
  return {
    name,
    value: round(value),
    bar: `≥ ${options.bar}`,
    isMet: value >= options.bar,
    detail: options.detail,
  };
}

/** Prints the table, the machine, and as the last line one JSON object of the figures by name. */
export function printReport(report: BenchReport): void {
  const header = ['figure', 'value', 'bar', 'met', 'behind it'];
  const lines = report.rows.map((row) => [
    row.name,
    String(row.value),
    row.bar,
    row.isMet === undefined ? '' : row.isMet ? 'yes' : 'NO',
    row.detail,
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const format = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const table = [header, widths.map((width) => '-'.repeat(width)), ...lines].map(format).join('\n');
  const figures = Object.fromEntries(report.rows.map((row) => [row.name, row.value]));
  process.stdout.write(`\n${table}\n\n${describeMachine()}\n${JSON.stringify(figures)}\n`);
}

/** Says on standard error what is being measured, so that a long benchmark shows its progress. */
export function progress(text: string): void {
  process.stderr.write(`… ${text}\n`);
}

function describeMachine(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' ');
  return `${cpus().length} × ${model}, Node ${process.version}, load average ${load}`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
