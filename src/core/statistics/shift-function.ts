import { nearestRank, quantileOfSorted } from './quantile.ts';
import type { Interval } from './quantile-interval.ts';
import { type Random, createRandom } from './random.ts';

/** Values of one side, and for each the block of time that it fell in. */
export interface BlockedValues {
  readonly values: Float64Array;
  /** From 0 up to the number of blocks, exclusive. */
  readonly blocks: Uint32Array;
}

/** By how much a quantile of the second side exceeds that of the first. */
export interface Shift extends Interval {
  readonly quantile: number;
  readonly first: number;
  readonly second: number;
  readonly difference: number;
}

interface ShiftOptions {
  readonly quantiles: readonly number[];
  readonly blockCount: number;
  readonly confidence: number;
  readonly seed: number;
  readonly resampleCount?: number;
}

/**
 * The shift function of two sides that had the same schedule: the difference of their quantiles,
 * each with its interval. Blocks of time are drawn anew with both sides together, so that neither
 * bursts nor what the sides share widen or narrow the interval wrongly.
 * Source: Doksum, "Empirical probability plots" (1974); block bootstrap: Künsch (1989).
 */
export function shiftFunction(
  first: BlockedValues,
  second: BlockedValues,
  options: ShiftOptions,
): Shift[] {
  const { quantiles, blockCount, confidence, seed, resampleCount = 1_000 } = options;
  const [a, b] = [sortBlocked(first), sortBlocked(second)];
  const random = createRandom(seed);
  const drawn = quantiles.map(() => new Float64Array(resampleCount));
  for (let resample = 0; resample < resampleCount; resample += 1) {
    const weights = drawBlocks(random, blockCount);
    const [ofFirst, ofSecond] = [
      weightedQuantiles(a, weights, quantiles),
      weightedQuantiles(b, weights, quantiles),
    ];
    for (const [place, differences] of drawn.entries()) {
      differences[resample] = (ofSecond[place] ?? 0) - (ofFirst[place] ?? 0);
    }
  }
  const tail = (1 - confidence) / 2;
  return quantiles.map((quantile, place) => {
    const sorted = (drawn[place] ?? new Float64Array()).sort();
    const [before, after] = [
      quantileOfSorted(a.values, quantile),
      quantileOfSorted(b.values, quantile),
    ];
    return {
      quantile,
      first: before,
      second: after,
      difference: after - before,
      lower: quantileOfSorted(sorted, tail),
      upper: quantileOfSorted(sorted, 1 - tail),
    };
  });
}

/** How often each block is drawn when as many are drawn as there are. */
function drawBlocks(random: Random, blockCount: number): Uint32Array {
  const weights = new Uint32Array(blockCount);
  for (let draw = 0; draw < blockCount; draw += 1) {
    const block = Math.floor(random.next() * blockCount);
    weights[block] = (weights[block] ?? 0) + 1;
  }
  return weights;
}

function sortBlocked({ values, blocks }: BlockedValues): BlockedValues {
  const order = Uint32Array.from(values, (_, place) => place).sort(
    (x, y) => (values[x] ?? 0) - (values[y] ?? 0),
  );
  return {
    values: Float64Array.from(order, (place) => values[place] ?? 0),
    blocks: Uint32Array.from(order, (place) => blocks[place] ?? 0),
  };
}

/** Quantiles of ascending values that each count as often as their block. */
function weightedQuantiles(
  { values, blocks }: BlockedValues,
  weights: Uint32Array,
  quantiles: readonly number[],
): number[] {
  const sizes = new Float64Array(weights.length);
  for (const block of blocks) sizes[block] = (sizes[block] ?? 0) + 1;
  const total = weights.reduce((sum, weight, block) => sum + weight * (sizes[block] ?? 0), 0);
  const ranks = quantiles.map((quantile, place) => [nearestRank(total, quantile), place] as const);
  const found = quantiles.map(() => Number.NaN);
  let seen = 0;
  let row = 0;
  for (const [rank, place] of ranks.toSorted(([x], [y]) => x - y)) {
    while (seen < rank && row < values.length) seen += weights[blocks[row++] ?? 0] ?? 0;
    found[place] = values[row - 1] ?? Number.NaN;
  }
  return found;
}
