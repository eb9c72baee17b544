import type { LatencyClause } from '../../core/slo.ts';

/** What is known of one clause of the SLO. */
export interface ClauseFinding {
  readonly clause: LatencyClause;
  /**
   * What was judged, and what of it did not meet the clause, for whatever reason: requests; or gaps
   * between tokens, a request that was not answered well counting as many as a good one has.
   */
  readonly requestCount: number;
  readonly missCount: number;
  /** The share of misses that the clause allows. */
  readonly allowedMissShare: number;
  /** Bounds of the true share of misses, each at the confidence of the verdict: the worse of the two kinds. */
  readonly missShareLower: number;
  readonly missShareUpper: number;
  /** How many independent requests would say as much: fewer where misses come in bursts. */
  readonly effectiveCount: number;
  /** The same from the exact binomial law alone, which takes requests as independent. */
  readonly binomialLower: number;
  readonly binomialUpper: number;
  /** What the bounds are made from. */
  readonly parts: readonly CountedPart[];
}

/**
 * Something that was counted. A clause on gaps has two: first the requests with those that were not
 * answered well, then the gaps of the good answers.
 */
export interface CountedPart {
  readonly trialCount: number;
  readonly missCount: number;
  /** How many independent trials say as much, for the upper bound and for the lower one. */
  readonly upperCount: number;
  readonly lowerCount: number;
}

interface Judged {
  /** The chance, at most, that `proved` is said of a server that does not hold the SLO; and of `refuted` likewise. */
  readonly confidence: number;
  readonly clauses: readonly ClauseFinding[];
  /** What decided, in a sentence. */
  readonly reason: string;
}

/** Neither proved nor refuted. */
export interface OpenVerdict extends Judged {
  readonly kind: 'notEnoughData';
  /** How much longer to measure, if the share of misses stays; `undefined` when no length is known to decide. */
  readonly secondsNeeded: number | undefined;
  /** Latency rises, and would reach a limit: more time of the same does not prove the SLO. */
  readonly isRising: boolean;
  /** Why runs were not taken into account. */
  readonly invalidReasons: readonly string[];
}

/** What runs say of a server. */
export type Verdict =
  | ({ readonly kind: 'proved' } & Judged)
  | ({ readonly kind: 'refuted'; readonly isOverloaded: boolean } & Judged)
  | OpenVerdict;
