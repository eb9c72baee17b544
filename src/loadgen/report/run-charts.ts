import type { Slo } from '../../core/slo.ts';
import { quantileOfSorted } from '../../core/statistics/quantile.ts';
import type { LoadRun } from '../samples.ts';
import {
  computeMs,
  firstMeasuredRow,
  latencyMs,
  queueMs,
  sendLagMs,
  serviceMs,
  sortedTimes,
} from '../summary/measured-rows.ts';
import type { RowTime } from '../summary/measured-rows.ts';
import { throughputOf } from '../summary/throughput.ts';
import type { Chart, Mark, Series } from './chart.ts';
import { distributionChart, spectrumChart } from './distribution-charts.ts';
import { sloMarks } from './slo-marks.ts';
import { stretchesOf } from './stretches.ts';
import { thinPoints } from './thin.ts';

const mostPoints = 1500;
const secondsAxis = { label: 'seconds since the run began', scale: 'linear' } as const;
const millisecondsAxis = { label: 'milliseconds', scale: 'linear' } as const;
const logMillisecondsAxis = { label: 'milliseconds', scale: 'log' } as const;

/** The charts of one run; those that its samples have nothing for are left out. */
export function runCharts(run: LoadRun, slo?: Slo): Chart[] {
  const marks = sloMarks(slo, 'latency');
  const latency = sortedTimes(run, latencyMs, { onlyOk: true });
  const service = sortedTimes(run, serviceMs, { onlyOk: true });
  const from = run.loop === 'open' ? 'from the intended send' : 'in a closed loop';
  const charts: Chart[] = [];
  if (latency.length > 0) {
    const named = [
      { name: `latency ${from}`, sorted: latency },
      { name: 'service time from the actual send', sorted: service },
    ];
    charts.push(
      latencyChart(run, marks),
      spectrumChart('Percentile spectrum', named, marks),
      distributionChart('Distribution of latency', named),
    );
  }
  charts.push(throughputChart(run));
  const split = splitChart(run);
  if (split) charts.push(split);
  charts.push(lagChart(run));
  return charts;
}

function latencyChart(run: LoadRun, marks: readonly Mark[]): Chart {
  const ok = pointsOf(run, latencyMs, (outcome) => outcome === 0);
  const wrong = pointsOf(run, latencyMs, (outcome) => outcome !== 0);
  const stretches = stretchesOf(run, latencyMs);
  const lines = [0.5, 0.99].map((quantile): Series => ({
    name: `p${quantile * 100} of each stretch`,
    kind: 'line',
    x: stretches.map(({ middleMs }) => middleMs / 1000),
    y: stretches.map(({ sorted }) => quantileOfSorted(sorted, quantile)),
  }));
  const drawn = thinPoints(ok, mostPoints);
  return {
    id: 'latency',
    title: 'Latency over time',
    note: `By intended send. ${countNote(drawn.x.length, ok.x.length, 'good answers')} A request that went wrong stands where it ended.`,
    x: secondsAxis,
    y: logMillisecondsAxis,
    series: [
      { name: 'good answer', kind: 'points', ...drawn },
      ...lines,
      { name: 'went wrong', kind: 'points', ...thinPoints(wrong, mostPoints) },
    ],
    marks,
  };
}

function throughputChart(run: LoadRun): Chart {
  const { startMs, stretchMs, ...rates } = throughputOf(run);
  const lastMs = (startMs.at(-1) ?? 0) + stretchMs;
  const x = [...startMs, Math.min(lastMs, run.warmupMs + run.durationMs)].map((ms) => ms / 1000);
  const steps = (name: string, perSecond: readonly number[]): Series => ({
    name,
    kind: 'steps',
    x,
    y: [...perSecond, perSecond.at(-1) ?? 0],
  });
  return {
    id: 'throughput',
    title: 'Throughput',
    note: `In stretches of ${stretchMs / 1000} s. Good answers count when they came, the others when they were intended.`,
    x: secondsAxis,
    y: { label: 'requests per second', scale: 'linear' },
    series: [
      steps('offered', rates.offeredPerSecond),
      steps('good answers', rates.achievedPerSecond),
      steps('went wrong', rates.failedPerSecond),
    ],
  };
}

/** Where the time went, by means over stretches: they add up, which quantiles do not. */
function splitChart(run: LoadRun): Chart | undefined {
  const computed = stretchesOf(run, computeMs);
  if (computed.length === 0) return undefined;
  const [compute, queue, service] = [computeMs, queueMs, serviceMs].map(
    (time) =>
      new Map(stretchesOf(run, time).map(({ middleMs, sorted }) => [middleMs, mean(sorted)])),
  );
  const places = computed.map(({ middleMs }) => middleMs);
  const edges = places.map((place) => {
    const top = compute?.get(place) ?? 0;
    const waited = top + (queue?.get(place) ?? 0);
    return [0, top, waited, Math.max(waited, service?.get(place) ?? 0)];
  });
  const names = [
    'compute, as the server says',
    'queue, as the server says',
    'rest: network, client',
  ];
  return {
    id: 'split',
    title: 'Where the time goes',
    note: 'Means of good answers from the actual send, one on top of the other.',
    x: secondsAxis,
    y: millisecondsAxis,
    series: names.map((name, place) => ({
      name,
      kind: 'band',
      x: places.map((middleMs) => middleMs / 1000),
      y: edges.map((edge) => edge[place + 1] ?? 0),
      low: edges.map((edge) => edge[place] ?? 0),
    })),
  };
}

function lagChart(run: LoadRun): Chart {
  const lag = pointsOf(run, sendLagMs, () => true);
  const drawn = thinPoints(lag, mostPoints);
  return {
    id: 'lag',
    title: 'Send lag of the generator',
    note: `How much later than intended requests were sent: a run counts where 99 in 100 are below the limit. ${countNote(drawn.x.length, lag.x.length, 'requests')}`,
    x: secondsAxis,
    y: millisecondsAxis,
    series: [{ name: 'send lag', kind: 'points', ...drawn }],
    marks: [{ name: 'limit of the p99', y: 1 }],
  };
}

function countNote(drawn: number, all: number, name: string): string {
  if (drawn === all) return `All ${all} ${name}.`;
  return `${drawn} of ${all} ${name}: the lowest and the highest of each of many stretches.`;
}

/** A time of every judged request with such an outcome, by intended second. */
function pointsOf(
  run: LoadRun,
  time: RowTime,
  isChosen: (outcome: number) => boolean,
): { x: number[]; y: number[] } {
  const { samples } = run;
  const x: number[] = [];
  const y: number[] = [];
  for (let row = firstMeasuredRow(run); row < samples.count; row += 1) {
    const value = time(samples, row);
    if (Number.isNaN(value) || !isChosen(samples.outcome[row] ?? 0)) continue;
    x.push((samples.intendedMs[row] ?? 0) / 1000);
    y.push(value);
  }
  return { x, y };
}

function mean(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
