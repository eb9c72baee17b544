import { quantileValue } from '../../loadgen/summary/distribution.ts';
import type { Chart } from '../../loadgen/report/chart.ts';
import type { ReportSection } from '../../loadgen/report/report-html.ts';
import { type ShownRun, loadsTable } from './format-bench.ts';
import { formatFinding } from './format-finding.ts';
import { type Finding, amountOf } from './run-mode.ts';

/** What stands before the runs in a report of several loads, or of something found; else nothing. */
export function overviewSections(
  runs: readonly ShownRun[],
  finding: Finding,
): readonly ReportSection[] {
  const texts = formatFinding(finding);
  if (runs.length < 2 && texts.length === 0) return [];
  const table = loadsTable(runs);
  const numberColumns = table.head.map((_, column) => column).slice(1);
  const charts = runs.length < 2 ? [] : [latencyChart(runs)];
  return [{ title: 'All loads', texts, tables: [{ ...table, numberColumns }], charts }];
}

function latencyChart(runs: readonly ShownRun[]): Chart {
  const ascending = runs.toSorted((a, b) => amountOf(a.load) - amountOf(b.load));
  const quantiles = [
    [0.5, 'p50'],
    [0.99, 'p99'],
  ] as const;
  return {
    id: 'loads',
    title: 'Latency by load',
    note: 'Of the good answers at each load that was measured.',
    x: {
      label: runs[0]?.load.kind === 'rate' ? 'requests a second' : 'requests in flight',
      scale: 'linear',
    },
    y: { label: 'milliseconds', scale: 'log' },
    series: quantiles.map(([quantile, name]) => {
      const points = ascending
        .map(({ load, summary }) => ({
          x: amountOf(load),
          y: quantileValue(summary.latencyMs, quantile),
        }))
        .filter(({ y }) => y > 0 && Number.isFinite(y));
      return { name, kind: 'line', x: points.map(({ x }) => x), y: points.map(({ y }) => y) };
    }),
  };
}
