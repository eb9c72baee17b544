/** How long repeated runs took, in milliseconds. */
export interface LatencySummary {
  readonly runs: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sums durations up; quantiles are those of the nearest rank. `undefined` without a duration. */
export function summarizeLatency(durationsMs: readonly number[]): LatencySummary | undefined {
  const ascending = durationsMs.toSorted((a, b) => a - b);
  const [minMs] = ascending;
  if (minMs === undefined) return undefined;
  const quantile = (share: number): number =>
    ascending[Math.ceil(share * ascending.length) - 1] ?? minMs;
  return { runs: ascending.length, minMs, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
