import type { Slo } from '../../core/slo.ts';
import { proofLooks } from './looks.ts';

/**
 * The shortest proof that can say PROVED, in milliseconds: one in which no request misses, and the
 * last look has as many as the exact binomial law wants. Of a clause on gaps between tokens the
 * requests have half of the chance of error, as in `upperBound`.
 */
export function leastDurationMs(
  { ratePerSecond = Infinity, latency }: Slo,
  confidence: number,
): number {
  const alpha = (1 - confidence) * (proofLooks.at(-1)?.spends ?? 1);
  const counts = latency.map(({ metric, quantile }) =>
    Math.ceil(Math.log(metric === 'itl' ? alpha / 2 : alpha) / Math.log(quantile)),
  );
  return (Math.max(...counts) * 1_000) / ratePerSecond;
}
