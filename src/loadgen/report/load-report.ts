import type { Slo } from '../../core/slo.ts';
import { tokenCountTable, tokenSentence, tokenTimeTable } from '../llm/llm-rows.ts';
import { summarizeLlm } from '../llm/summarize-llm.ts';
import type { LoadRun } from '../samples.ts';
import type { LoadSummary } from '../summary/load-summary.ts';
import {
  intervalTable,
  outcomeTable,
  rateSentence,
  timeTable,
  validitySentence,
} from '../summary/summary-rows.ts';
import type { TextTable } from '../summary/summary-rows.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { Report, ReportSection, ReportTable } from './report-html.ts';
import { runCharts } from './run-charts.ts';
import { streamCharts } from './stream-charts.ts';
import { verdictBanner, verdictSection } from './verdict-section.ts';

/** A run with its name in a report, such as `seed 7`, or the server's address. */
export interface NamedRun {
  readonly name: string;
  readonly run: LoadRun;
  readonly summary: LoadSummary;
}

/** What a report of runs is made from. */
export interface LoadReport {
  readonly title: string;
  readonly verdict?: Verdict | undefined;
  /** Why nothing is concluded, in place of a verdict. */
  readonly invalid?: string | undefined;
  /** Its limits are drawn where what they limit is. */
  readonly slo?: Slo | undefined;
  /** Evidence id, seed, arrival law, machine, command and what else tells how it was measured. */
  readonly facts: Report['facts'];
  readonly runs: readonly NamedRun[];
  /** What comes before the runs, such as a comparison of them. */
  readonly sections?: readonly ReportSection[];
}

/** Puts a report of runs together. */
export function loadReport({
  runs,
  slo,
  sections = [],
  title,
  facts,
  verdict,
  invalid,
}: LoadReport): Report {
  return {
    title,
    facts,
    ...(verdict ? { verdict: verdictBanner(verdict) } : {}),
    ...(invalid === undefined ? {} : { verdict: { tone: 'bad', text: `INVALID: ${invalid}` } }),
    sections: [
      ...(verdict ? [verdictSection(verdict)] : []),
      ...sections,
      ...runs.map((named) => runSection(named, slo)),
    ],
  };
}

function runSection({ name, run, summary }: NamedRun, slo: Slo | undefined): ReportSection {
  const llm = summarizeLlm(run, slo);
  const tokenTables = llm === undefined ? [] : [tokenTimeTable(llm), tokenCountTable(llm)];
  const tables = [
    timeTable(summary),
    intervalTable(summary),
    ...tokenTables.filter(({ rows }) => rows.length > 0),
    outcomeTable(summary),
  ];
  const validity = validitySentence(summary);
  const { isValid } = summary.validity;
  return {
    title: name,
    ...(isValid ? {} : { alert: validity }),
    texts: [
      rateSentence(summary),
      ...(isValid ? [validity] : []),
      ...(llm === undefined ? [] : [tokenSentence(llm)]),
    ],
    tables: tables.map(withNumbers),
    charts: [...runCharts(run, slo), ...streamCharts(run, slo)],
  };
}

/** Every column but the first holds numbers. */
function withNumbers(table: TextTable): ReportTable {
  return { ...table, numberColumns: table.head.map((_, column) => column).slice(1) };
}
