/**
 * Shares of a proof's time, each measured as a run from a seed of its own. Three seeds come before
 * the first time the data are looked at, at an eighth; from then on each piece doubles what is
 * measured, and ends with a look.
 */
const shares: readonly number[] = [1 / 24, 1 / 24, 1 / 24, 1 / 8, 1 / 4, 1 / 2];

/**
 * Plans the runs of a proof.
 * @param plannedMs the longest time to measure, warm-ups aside.
 * @returns the length of each run, in milliseconds.
 */
export function planProofPieces(plannedMs: number): readonly number[] {
  return shares.map((share) => share * plannedMs);
}
