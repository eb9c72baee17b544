import { quantileInterval } from '../../core/statistics/quantile-interval.ts';
import { quantileOfSorted } from '../../core/statistics/quantile.ts';
import { knownBounds } from '../summary/distribution.ts';
import type { Chart, Mark, Series } from './chart.ts';

/** Values of one kind. */
export interface NamedValues {
  readonly name: string;
  /** In ascending order. */
  readonly sorted: Float64Array;
}

const spectrumSteps = 20;
const mostBins = 80;

/**
 * Every quantile up to the last that the values have, over 1/(1 − p): equal steps to the right are
 * equal factors of rarity. A band holds the 95 % interval of the first.
 */
export function spectrumChart(
  title: string,
  values: readonly NamedValues[],
  marks: readonly Mark[] = [],
): Chart {
  return {
    id: 'spectrum',
    title,
    note: 'Each step to the right is rarer by the same factor. The band is the 95% interval, were requests independent; it ends where there are too few of them.',
    x: { label: 'percentile', scale: 'spectrum' },
    y: { label: 'milliseconds', scale: 'log' },
    series: [
      ...values.map(({ name, sorted }): Series => {
        const x = rarities(sorted.length);
        const y = x.map((rarity) => quantileOfSorted(sorted, 1 - 1 / rarity));
        return { name, kind: 'line', x, y };
      }),
      ...values.slice(0, 1).map(intervalBand),
    ],
    marks,
  };
}

function intervalBand({ name, sorted }: NamedValues): Series {
  const bounds = rarities(sorted.length).flatMap((rarity) => {
    const quantile = 1 - 1 / rarity;
    if (quantile <= 0) return [];
    const { low, high } = knownBounds(quantileInterval(sorted, quantile, 0.95));
    return low === undefined || high === undefined ? [] : [{ rarity, low, high }];
  });
  return {
    name: `interval of ${name}`,
    kind: 'band',
    x: bounds.map(({ rarity }) => rarity),
    y: bounds.map(({ high }) => high),
    low: bounds.map(({ low }) => low),
  };
}

/** Values of 1/(1 − p), in equal factors from 1 to the number of values. */
function rarities(count: number): number[] {
  const decades = Math.log10(Math.max(1, count));
  const steps = Math.ceil(decades * spectrumSteps);
  return Array.from({ length: steps + 1 }, (_, step) => {
    return Math.min(Math.max(1, count), 10 ** (step / spectrumSteps));
  });
}

/** How many values lie in each of many bins, which are equal factors wide. */
export function distributionChart(title: string, values: readonly NamedValues[]): Chart {
  const filled = values.filter(({ sorted }) => sorted.length > 0);
  // A time of nothing has no logarithm: it counts as a microsecond.
  const lowest = Math.max(0.001, Math.min(...filled.map(({ sorted }) => sorted[0] ?? 1)));
  const highest = Math.max(...filled.map(({ sorted }) => sorted.at(-1) ?? 1));
  const factor = Math.max(1.01, (highest / lowest) ** (1 / mostBins));
  return {
    id: 'distribution',
    title,
    note: 'Bins are wider by an equal factor each, as the axis is.',
    x: { label: 'milliseconds', scale: 'log' },
    y: { label: 'values in a bin', scale: 'linear' },
    series: filled.map(({ name, sorted }) => ({
      name,
      kind: 'steps',
      ...binsOf(sorted, lowest, factor),
    })),
  };
}

/** Bins by their lower edges, from the one of `lowest` to the highest value's, and an empty last. */
function binsOf(
  sorted: Float64Array,
  lowest: number,
  factor: number,
): { x: number[]; y: number[] } {
  const counts: number[] = [];
  for (const value of sorted) {
    const bin = Math.max(0, Math.floor(Math.log(value / lowest) / Math.log(factor)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const y = [...Array.from(counts, (count) => count ?? 0), 0];
  return { x: y.map((_, bin) => lowest * factor ** bin), y };
}
