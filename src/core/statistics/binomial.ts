import { betaCdf, betaQuantile } from './beta.ts';

/**
 * The upper confidence bound of a share of which `hits` of `count` independent trials were seen; it
 * is too low with chance `alpha` at most. Counts need not be whole.
 * Source: Clopper and Pearson, "The use of confidence or fiducial limits" (1934).
 */
export function shareUpperBound(hits: number, count: number, alpha: number): number {
  return 1 - shareLowerBound(count - hits, count, alpha);
}

/** The lower confidence bound, which is too high with chance `alpha` at most. */
export function shareLowerBound(hits: number, count: number, alpha: number): number {
  return hits <= 0 ? 0 : betaQuantile(alpha, hits, count - hits + 1);
}

/** The chance of at most `hits` in `count` trials, each with chance `share`. */
export function binomialCdf(hits: number, count: number, share: number): number {
  if (hits < 0) return 0;
  return hits >= count ? 1 : 1 - betaCdf(share, hits + 1, count - hits);
}
