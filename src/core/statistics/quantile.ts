/** The q-quantile (above 0, up to 1) of ascending samples, by the nearest rank. NaN for none. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  return sorted[nearestRank(sorted.length, q) - 1] ?? Number.NaN;
}

/** The place, counted from 1, of the q-quantile of `count` ascending samples. */
export function nearestRank(count: number, q: number): number {
  // 0.99 · 100 is a hair above 99 for some counts: a rank is not to be raised by rounding.
  return Math.min(count, Math.max(1, Math.ceil(q * count - count * 1e-12)));
}
