import type { LatencyClause } from '../../core/slo.ts';

/** What is known of one clause of the SLO. */
export interface ClauseFinding {
  readonly clause: LatencyClause;
  /** Requests judged, and those that did not meet the clause, for whatever reason. */
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
}

interface Judged {
  /** The chance, at most, that `proved` is said of a server that does not hold the SLO; and of `refuted` likewise. */
  readonly confidence: number;
  readonly clauses: readonly ClauseFinding[];
  /** What decided, in a sentence. */
  readonly reason: string;
}

/** What runs say of a server. */
export type Verdict =
  | ({ readonly kind: 'proved' } & Judged)
  | ({ readonly kind: 'refuted'; readonly isOverloaded: boolean } & Judged)
  | ({
      readonly kind: 'notEnoughData';
      /** How much longer to measure, if the share of misses stays; `undefined` when no length is known to decide. */
      readonly secondsNeeded: number | undefined;
      /** Why runs were not taken into account. */
      readonly invalidReasons: readonly string[];
    } & Judged);
