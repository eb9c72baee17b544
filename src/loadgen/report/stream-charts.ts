import { firstTokenMs, perTokenMs, sortedGapsMs } from '../llm/answer-times.ts';
import type { Slo } from '../../core/slo.ts';
import type { LoadRun } from '../samples.ts';
import { sortedTimes } from '../summary/measured-rows.ts';
import type { Chart } from './chart.ts';
import { distributionChart, spectrumChart } from './distribution-charts.ts';
import { sloMarks } from './slo-marks.ts';

/** The charts of streamed answers: none for a run that streamed nothing. */
export function streamCharts(run: LoadRun, slo?: Slo): Chart[] {
  if (run.samples.stream === undefined) return [];
  const firstToken = {
    name: 'time to first token, from the intended send',
    sorted: sortedTimes(run, firstTokenMs, { onlyOk: true }),
  };
  const perToken = {
    name: 'time per output token, of each answer',
    sorted: sortedTimes(run, perTokenMs, { onlyOk: true }),
  };
  const gaps = { name: 'every gap between chunks', sorted: sortedGapsMs(run) };
  const charts: Chart[] = [];
  if (firstToken.sorted.length > 0) {
    charts.push(
      spectrumChart('Time to first token', [firstToken], sloMarks(slo, 'ttft')),
      distributionChart('Distribution of the time to first token', [firstToken]),
    );
  }
  if (gaps.sorted.length > 0) {
    charts.push(
      spectrumChart('Time between tokens', [gaps, perToken], sloMarks(slo, 'itl')),
      distributionChart('Distribution of the time between tokens', [gaps, perToken]),
    );
  }
  return charts;
}
