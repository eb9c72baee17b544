import type { Alphas } from './alphas.ts';
import { lowerBound, upperBound } from './miss-bounds.ts';
import type { ClauseFinding, CountedPart } from './verdict.ts';

/** Longer than this many times what was measured is not worth telling. */
const maxFactor = 10_000;

/**
 * How many more seconds would decide, if requests go on missing as often and in such bursts as so
 * far: until every clause is proved, or until the first is refuted. `undefined` where no length is
 * in sight.
 * @param alphas what the deciding look may spend.
 */
export function secondsNeeded(
  clauses: readonly ClauseFinding[],
  measuredMs: number,
  { upper, lower }: Pick<Alphas, 'upper' | 'lower'>,
): number | undefined {
  const prove = clauses.map(({ parts, allowedMissShare }) =>
    leastFactor((factor) => {
      return upperBound(scaled(parts, factor), upper, 'upperCount') < allowedMissShare;
    }),
  );
  const refute = clauses.map(({ parts, allowedMissShare }) =>
    leastFactor((factor) => {
      return lowerBound(scaled(parts, factor), lower, 'lowerCount') > allowedMissShare;
    }),
  );
  const factor = Math.min(Math.max(...prove), ...refute);
  return Number.isFinite(factor) ? Math.ceil(((factor - 1) * measuredMs) / 1_000) : undefined;
}

function scaled(parts: readonly CountedPart[], factor: number): CountedPart[] {
  return parts.map(({ trialCount, missCount, upperCount, lowerCount }) => ({
    trialCount: trialCount * factor,
    missCount: missCount * factor,
    upperCount: upperCount * factor,
    lowerCount: lowerCount * factor,
  }));
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
