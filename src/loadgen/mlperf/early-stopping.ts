/**
 * How many of `count` queries may be late for "at least `share` of queries are in time" to hold with
 * `confidence`; -1 when not even none would do.
 * Source: MLPerf's inference rules, early stopping with tolerance 0: the greatest t with
 * P[Bin(count, 1 - share) ≤ t] ≤ 1 - confidence.
 */
export function allowedLate(count: number, share: number, confidence: number): number {
  const odds = Math.log((1 - share) / share);
  // Terms as logarithms: the first ones of a long run are below the smallest double.
  let logTerm = count * Math.log(share);
  let total = 0;
  for (let late = 0; late <= count; late += 1) {
    total += Math.exp(logTerm);
    if (total > 1 - confidence) return late - 1;
    logTerm += Math.log((count - late) / (late + 1)) + odds;
  }
  return count;
}

/** How many queries must be run for `late` late ones among them to be allowed, as `allowedLate`. */
export function queriesNeeded(late: number, share: number, confidence: number): number {
  let enough = 1;
  while (allowedLate(enough, share, confidence) < late) enough *= 2;
  let low = Math.floor(enough / 2);
  while (enough - low > 1) {
    const middle = Math.floor((low + enough) / 2);
    if (allowedLate(middle, share, confidence) < late) low = middle;
    else enough = middle;
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
