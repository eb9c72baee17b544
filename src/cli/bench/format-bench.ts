import { tokenCountTable, tokenSentence, tokenTimeTable } from '../../loadgen/llm/llm-rows.ts';
import type { LlmSummary } from '../../loadgen/llm/summarize-llm.ts';
import { quantileValue } from '../../loadgen/summary/distribution.ts';
import type { LoadSummary } from '../../loadgen/summary/load-summary.ts';
import {
  type TextTable,
  outcomeTable,
  rateSentence,
  timeTable,
  validitySentence,
} from '../../loadgen/summary/summary-rows.ts';
import type { Style } from '../style.ts';
import { formatTable } from '../text-table.ts';
import type { Load } from './bench-mode.ts';
import { formatFinding } from './format-finding.ts';
import type { Finding } from './run-mode.ts';

/** One load and what was measured of it. */
export interface ShownRun {
  readonly load: Load;
  readonly summary: LoadSummary;
  /** Of streamed answers. */
  readonly llm: LlmSummary | undefined;
  /** Whether the latency bound held; `undefined` without a bound. */
  readonly isWithin: boolean | undefined;
}

/** What a bench found, for people: one run whole; several as a table of one line each. */
export function formatBench(runs: readonly ShownRun[], finding: Finding, style: Style): string[] {
  const [only] = runs;
  const shown =
    only !== undefined && runs.length === 1
      ? formatRun(only, style)
      : tableLines(loadsTable(runs), style);
  const [headline, ...reasons] = formatFinding(finding);
  return headline === undefined ? shown : [...shown, '', style.bold(headline), ...reasons];
}

/** How a load reads. */
export function formatLoad(load: Load): string {
  switch (load.kind) {
    case 'rate':
      return `${load.ratePerSecond}/s`;
    case 'concurrency':
      return `${load.concurrency} in flight`;
    case 'own':
      return 'as the arrival law says';
    default:
      return load satisfies never;
  }
}

function formatRun({ summary, llm, isWithin }: ShownRun, style: Style): string[] {
  const { isValid } = summary.validity;
  const bound = isWithin === undefined ? [] : [boundText(isWithin, style)];
  return [
    rateSentence(summary),
    isValid ? style.dim(validitySentence(summary)) : style.red(validitySentence(summary)),
    ...bound,
    '',
    ...tableLines(timeTable(summary), style),
    '',
    ...(llm === undefined ? [] : tokenLines(llm, style)),
    ...tableLines(outcomeTable(summary), style),
  ];
}

function tokenLines(llm: LlmSummary, style: Style): string[] {
  const tables = [tokenTimeTable(llm), tokenCountTable(llm)].filter(({ rows }) => rows.length > 0);
  return [tokenSentence(llm), '', ...tables.flatMap((table) => [...tableLines(table, style), ''])];
}

/** Several loads, one line each. */
export function loadsTable(runs: readonly ShownRun[]): TextTable {
  const hasTokens = runs.some(({ llm }) => llm?.tokenCounts !== undefined);
  const tokenHead = hasTokens ? ['tokens/s', 'TTFT p99 ms', 'TPOT p99 ms'] : [];
  const times = ['p50 ms', 'p99 ms', ...tokenHead];
  const head = ['load', 'answers/s', ...times, 'not good', 'valid', 'within'];
  const rows = runs.map(({ load, summary, llm, isWithin }) => [
    formatLoad(load),
    number(summary.achievedPerSecond),
    number(quantileValue(summary.latencyMs, 0.5)),
    number(quantileValue(summary.latencyMs, 0.99)),
    ...(hasTokens
      ? [
          number(llm?.tokensPerSecond ?? NaN),
          number(quantileValue(llm?.ttftMs, 0.99)),
          number(quantileValue(llm?.tpotMs, 0.99)),
        ]
      : []),
    String(summary.requestCount - (summary.outcomes.ok ?? 0)),
    summary.validity.isValid ? 'yes' : 'NO',
    isWithin === undefined ? '' : isWithin ? 'yes' : 'no',
  ]);
  return { head, rows };
}

function boundText(isWithin: boolean, style: Style): string {
  return isWithin
    ? style.green('the latency bound held')
    : style.red('the latency bound did not hold');
}

/** A table, its head dim. */
export function tableLines({ head, rows }: TextTable, style: Style): string[] {
  const rightColumns = head.map((_, column) => column).slice(1);
  const [first = '', ...rest] = formatTable([head, ...rows], { rightColumns });
  return [style.dim(first), ...rest];
}

function number(value: number): string {
  return Number.isNaN(value) ? '–' : String(Number(value.toPrecision(4)));
}
