import { binomialCdf } from '../../core/statistics/binomial.ts';

/**
 * How many of `count` queries may be late for "at least `share` of queries are in time" to hold with
 * `confidence`; -1 when not even none would do.
 * Source: MLPerf's inference rules, early stopping with tolerance 0: the greatest t with
 * P[Bin(count, 1 - share) ≤ t] ≤ 1 - confidence.
 */
export function allowedLate(count: number, share: number, confidence: number): number {
  let [allowed, tooMany] = [-1, count + 1];
  while (tooMany - allowed > 1) {
    const middle = Math.floor((allowed + tooMany) / 2);
    if (binomialCdf(middle, count, 1 - share) <= 1 - confidence) allowed = middle;
    else tooMany = middle;
  }
  return allowed;
}

/** How many queries must be run for `late` late ones among them to be allowed, as `allowedLate`. */
export function queriesNeeded(late: number, share: number, confidence: number): number {
  const isEnough = (count: number): boolean =>
    binomialCdf(late, count, 1 - share) <= 1 - confidence;
  let enough = late + 1;
  while (!isEnough(enough)) enough *= 2;
  let low = Math.floor(enough / 2);
  while (enough - low > 1) {
    const middle = Math.floor((low + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else low = middle;
  }
  return enough;
}

/**
 * An upper estimate of a percentile that a shorter run makes higher, as LoadGen reports it: with t
 * late queries allowed, the t-th greatest latency.
 * @param ascendingMs latencies, ascending; Infinity for queries without an answer.
 * @returns `undefined` when there are too few queries for any.
 */
export function earlyStoppingEstimate(
  ascendingMs: Float64Array,
  share: number,
  confidence: number,
): number | undefined {
  const late = allowedLate(ascendingMs.length, share, confidence);
  return late < 1 ? undefined : ascendingMs[ascendingMs.length - late];
}
