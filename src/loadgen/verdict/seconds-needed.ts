import { lowerBound, upperBound } from './clause-finding.ts';
import type { ClauseFinding } from './verdict.ts';

interface Measured {
  readonly measuredMs: number;
  /** The chance of error that the deciding look may spend. */
  readonly spending: number;
}

/** Longer than this many times what was measured is not worth telling. */
const maxFactor = 10_000;

/**
 * How many more seconds would decide, if requests go on missing as often and in such bursts as so
 * far: until every clause is proved, or until the first is refuted. `undefined` where no length is
 * in sight.
 */
export function secondsNeeded(
  clauses: readonly ClauseFinding[],
  { measuredMs, spending }: Measured,
): number | undefined {
  const prove = clauses.map((found) =>
    leastFactor((factor) => {
      const longer = scaled(found, factor);
      return upperBound(longer, longer.effectiveCount, spending) < found.allowedMissShare;
    }),
  );
  const refute = clauses.map((found) =>
    leastFactor((factor) => {
      const longer = scaled(found, factor);
      const bound = lowerBound(longer, longer.effectiveCount, spending / clauses.length);
      return bound > found.allowedMissShare;
    }),
  );
  const factor = Math.min(Math.max(...prove), ...refute);
  return Number.isFinite(factor) ? Math.ceil(((factor - 1) * measuredMs) / 1_000) : undefined;
}

function scaled(found: ClauseFinding, factor: number): ClauseFinding {
  const { missCount, requestCount, effectiveCount } = found;
  return {
    ...found,
    missCount: missCount * factor,
    requestCount: requestCount * factor,
    effectiveCount: effectiveCount * factor,
  };
}

/** How many times as much is needed, to one in five hundred. */
function leastFactor(decides: (factor: number) => boolean): number {
  if (!decides(maxFactor)) return Infinity;
  let [low, high] = [1, maxFactor];
  if (decides(low)) return low;
  while (high > low * 1.002) {
    const middle = Math.sqrt(low * high);
    if (decides(middle)) high = middle;
    else low = middle;
  }
  return high;
}
