import { quantileInterval } from '../../core/statistics/quantile-interval.ts';
import type { Interval } from '../../core/statistics/quantile-interval.ts';
import { quantileOfSorted } from '../../core/statistics/quantile.ts';
import type { Distribution } from './load-summary.ts';

const quantiles = [0.5, 0.9, 0.95, 0.99, 0.999];
const confidence = 0.95;

/**
 * Describes values; `undefined` where there are none.
 * @param sorted in ascending order.
 */
export function distributionOf(sorted: Float64Array): Distribution | undefined {
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  return {
    count: sorted.length,
    mean: sorted.reduce((total, value) => total + value, 0) / sorted.length,
    min,
    max,
    quantiles: quantiles.map((quantile) => ({
      quantile,
      value: quantileOfSorted(sorted, quantile),
      ...knownBounds(quantileInterval(sorted, quantile, confidence)),
    })),
  };
}

/** Bounds as documents have them: one that is not known is left out, since JSON has no infinity. */
export function knownBounds({ lower, upper }: Interval): { low?: number; high?: number } {
  return {
    ...(Number.isFinite(lower) ? { low: lower } : {}),
    ...(Number.isFinite(upper) ? { high: upper } : {}),
  };
}

/** The estimate of one quantile; NaN for one that a distribution has not. */
export function quantileValue(distribution: Distribution | undefined, quantile: number): number {
  return distribution?.quantiles.find((each) => each.quantile === quantile)?.value ?? NaN;
}
