/**
 * Shares of a proof's time, each measured as a run from a seed of its own. Three seeds come before
 * the first time the data are looked at, at an eighth; from then on each eighth is a run and ends
 * with a look, so that no more than an eighth goes on unseen.
 */
const shares: readonly number[] = [3, 3, 3, 9, 9, 9, 9, 9, 9, 9].map((part) => part / 72);

/**
 * Plans the runs of a proof.
 * @param plannedMs the longest time to measure, warm-ups aside.
 * @returns the length of each run, in milliseconds.
 */
export function planProofPieces(plannedMs: number): readonly number[] {
  return shares.map((share) => share * plannedMs);
}
