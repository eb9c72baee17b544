/** A time at which the data of a proof are looked at. */
interface Look {
  /** The share of the planned time that is measured by then. */
  readonly at: number;
  /** The share of the error that it may spend. */
  readonly spends: number;
}

/**
 * When the data of a proof are looked at. Each time that doubles what was measured spends the error
 * as time goes; the eighths between spend little, which is enough for what is beyond doubt, and so
 * do not let a clear case go on.
 * Source: alpha spending at times chosen beforehand, Lan and DeMets, "Discrete sequential boundaries
 * for clinical trials" (1983); the shares are added up (Bonferroni), as though looks were unrelated.
 */
export const proofLooks: readonly Look[] = [
  { at: 1 / 8, spends: 0.12 },
  { at: 2 / 8, spends: 0.12 },
  { at: 3 / 8, spends: 0.02 },
  { at: 4 / 8, spends: 0.24 },
  { at: 5 / 8, spends: 0.02 },
  { at: 6 / 8, spends: 0.02 },
  { at: 7 / 8, spends: 0.02 },
  { at: 1, spends: 0.44 },
];

/** The one look at data of which there will be no more. */
export const onlyLook: Look = { at: 1, spends: 1 };
