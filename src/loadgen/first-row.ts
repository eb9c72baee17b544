/** When requests were due, in the order of time. */
export interface DueTimes {
  readonly count: number;
  readonly intendedMs: Float64Array;
}

/** The first row that is due at this time or later; the number of rows when there is none. */
export function firstRowFrom({ count, intendedMs }: DueTimes, atMs: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intendedMs[middle] ?? Infinity) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
