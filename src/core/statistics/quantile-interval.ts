import { binomialCdf } from './binomial.ts';

/** Between which values something lies at a confidence. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * The interval of a quantile from ascending independent samples, by order statistics. An end is
 * infinite where there are too few samples for one: 368 are needed for an upper end of P99 at 95 %.
 * Source: David and Nagaraja, "Order Statistics", section 7.1.
 */
export function quantileInterval(sorted: Float64Array, q: number, confidence: number): Interval {
  const { length } = sorted;
  const tail = (1 - confidence) / 2;
  // The least counts of samples below the quantile that are not too few, and not too many.
  const lowest = leastCount(length, (below) => binomialCdf(below, length, q) > tail);
  const highest = leastCount(length, (below) => binomialCdf(below, length, q) >= 1 - tail);
  return {
    lower: lowest === 0 ? -Infinity : (sorted[lowest - 1] ?? Number.NaN),
    upper: sorted[highest] ?? Infinity,
  };
}

function leastCount(length: number, holds: (count: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
