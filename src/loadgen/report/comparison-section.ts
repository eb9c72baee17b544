import type { Comparison, RunPair } from '../comparison/compare-runs.ts';
import { comparisonTable } from '../comparison/comparison-rows.ts';
import type { ServerNames } from '../comparison/comparison-rows.ts';
import { latencyMs, sortedTimes } from '../summary/measured-rows.ts';
import type { Chart } from './chart.ts';
import { spectrumChart } from './distribution-charts.ts';
import type { ReportSection } from './report-html.ts';

/** The section of a report that compares two servers. */
export function comparisonSection(
  comparison: Comparison,
  pairs: readonly RunPair[],
  names: ServerNames,
): ReportSection {
  const [first, second] = names;
  const pooled = (side: keyof RunPair, name: string) => ({
    name,
    sorted: Float64Array.from(
      pairs.flatMap((pair) => [...sortedTimes(pair[side], latencyMs, { onlyOk: true })]),
    ).sort(),
  });
  return {
    title: `${second} against ${first}`,
    texts: [
      `${comparison.pairCount} pairs of runs on the same schedules, in turns. Differences are of the second less the first, within pairs; a server is named as lower where the interval leaves zero out.`,
    ],
    tables: [{ ...comparisonTable(comparison, names), numberColumns: [1, 2, 3, 4] }],
    charts: [
      shiftChart(comparison, names),
      spectrumChart('Percentile spectrum of both', [
        pooled('first', first),
        pooled('second', second),
      ]),
    ],
  };
}

function shiftChart({ shift, confidence }: Comparison, [first, second]: ServerNames): Chart {
  const x = shift.map(({ quantile }) => 1 / (1 - quantile));
  const bounded = shift.flatMap(({ quantile, low, high }) =>
    low === undefined || high === undefined ? [] : [{ x: 1 / (1 - quantile), low, high }],
  );
  return {
    id: 'shift',
    title: 'Shift function',
    note: `How much later answers of ${second} come than those of ${first}, at each percentile; below zero they come sooner.`,
    x: { label: 'percentile', scale: 'spectrum' },
    y: { label: 'milliseconds', scale: 'linear' },
    series: [
      { name: 'difference', kind: 'line', x, y: shift.map(({ difference }) => difference) },
      {
        name: `${Number((confidence * 100).toFixed(2))}% interval`,
        kind: 'band',
        x: bounded.map((each) => each.x),
        y: bounded.map(({ high }) => high),
        low: bounded.map(({ low }) => low),
      },
    ],
    marks: [{ name: 'no difference', y: 0 }],
  };
}
