import type { Interval } from './quantile-interval.ts';
import { studentQuantile } from './student.ts';

/** The mean of differences within pairs, and its interval. */
export interface PairedDifference extends Interval {
  readonly mean: number;
}

/**
 * The mean difference of pairs that are independent of each other, with Student's interval. The
 * interval is infinite for fewer than two pairs.
 */
export function pairedDifference(
  differences: readonly number[],
  confidence: number,
): PairedDifference {
  const count = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, lower: -Infinity, upper: Infinity };
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (count - 1) / count);
  const reach = studentQuantile((1 - confidence) / 2, count - 1) * error;
  return { mean, lower: mean - reach, upper: mean + reach };
}
