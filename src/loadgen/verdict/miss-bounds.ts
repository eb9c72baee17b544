import { shareLowerBound, shareUpperBound } from '../../core/statistics/binomial.ts';
import type { CountedPart } from './verdict.ts';

type CountKind = 'upperCount' | 'lowerCount' | 'trialCount';

/**
 * The upper bound of the share of misses, too low with chance `alpha` at most. Of several parts it
 * is the share of the first, and of what is left the share of the next: they share the chance.
 * @param by how many independent trials each part is worth.
 */
export function upperBound(parts: readonly CountedPart[], alpha: number, by: CountKind): number {
  return joined(parts, (part) => {
    const count = part[by];
    if (part.trialCount === 0 || count <= 0) return 1;
    const hits = (part.missCount / part.trialCount) * count;
    return shareUpperBound(hits, count, alpha / parts.length);
  });
}

/** The lower bound likewise, too high with chance `alpha` at most. */
export function lowerBound(parts: readonly CountedPart[], alpha: number, by: CountKind): number {
  return joined(parts, (part) => {
    const count = part[by];
    if (part.trialCount === 0 || count <= 0) return 0;
    const hits = (part.missCount / part.trialCount) * count;
    return shareLowerBound(hits, count, alpha / parts.length);
  });
}

function joined(parts: readonly CountedPart[], share: (part: CountedPart) => number): number {
  return 1 - parts.reduce((left, part) => left * (1 - share(part)), 1);
}
