/** The chances of error that each test of one look may spend. */
export interface Alphas {
  /** Of an upper bound of a share of misses that is too low. */
  readonly upper: number;
  /** Of a lower bound that is too high. */
  readonly lower: number;
  /** Of taking a steady server for an overloaded one. */
  readonly overload: number;
  /** Of taking steady latencies for rising ones. */
  readonly rise: number;
}

/** Latencies that grow as a queue does are so beyond doubt that little of the error is enough to say so. */
const growthShare = 0.1;

/**
 * Splits what a look may spend. All clauses must hold to prove an SLO, so that each upper bound may
 * spend all of it; one clause that does not, by either of two tests, is enough to refute it, so that
 * they share it. A rise that is found by mistake keeps a good server from its proof.
 * Source: intersection-union tests, Berger (1982); Bonferroni.
 */
export function splitSpending(spending: number, clauseCount: number): Alphas {
  return {
    upper: spending,
    lower: (spending * (1 - growthShare)) / clauseCount,
    overload: (spending * growthShare) / clauseCount,
    rise: (spending * growthShare) / clauseCount,
  };
}
