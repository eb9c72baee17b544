import { shareLowerBound, shareUpperBound } from '../../src/core/statistics/binomial.ts';
import type { LoadRun } from '../../src/loadgen/samples.ts';
import type { Verdict } from '../../src/loadgen/verdict/verdict.ts';

interface Claim {
  readonly limitMs: number;
  readonly quantile: number;
  readonly confidence: number;
}

/** The verdict of the exact bound that takes requests as independent, looked at once. */
export function binomialVerdict(
  runs: readonly LoadRun[],
  { limitMs, quantile, confidence }: Claim,
): Verdict['kind'] {
  let [requestCount, missCount] = [0, 0];
  for (const { samples, warmupMs } of runs) {
    for (let row = 0; row < samples.count; row += 1) {
      const atMs = samples.intendedMs[row] ?? 0;
      if (atMs < warmupMs) continue;
      requestCount += 1;
      if ((samples.endMs[row] ?? 0) - atMs > limitMs) missCount += 1;
    }
  }
  const alpha = 1 - confidence;
  if (shareUpperBound(missCount, requestCount, alpha) < 1 - quantile) return 'proved';
  if (shareLowerBound(missCount, requestCount, alpha) > 1 - quantile) return 'refuted';
  return 'notEnoughData';
}
