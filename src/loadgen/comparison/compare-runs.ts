import { pairedDifference } from '../../core/statistics/paired.ts';
import { quantileOfSorted } from '../../core/statistics/quantile.ts';
import { shiftFunction } from '../../core/statistics/shift-function.ts';
import type { LoadRun } from '../samples.ts';
import { knownBounds } from '../summary/distribution.ts';
import { firstMeasuredRow, latencyMs, sortedTimes } from '../summary/measured-rows.ts';
import { blockedLatencies } from './blocked-latencies.ts';

/** Runs of two servers on the same schedule, one soon after the other. */
export interface RunPair {
  readonly first: LoadRun;
  readonly second: LoadRun;
}

/** How two servers differ. Names are stable: this is part of the document of `--json`. */
export interface Comparison {
  readonly pairCount: number;
  readonly confidence: number;
  /** Latencies of good answers, at the quantiles that people ask for. */
  readonly quantiles: readonly QuantileDifference[];
  /**
   * The share of requests that were not answered well within the limit, or, without a limit, that
   * were not answered well. Steadier than a quantile, and what an SLO is about.
   */
  readonly misses: Difference & { readonly limitMs?: number };
  /** Over the whole distribution of all pairs together, by blocks of time: the shift function. */
  readonly shift: readonly QuantileDifference[];
}

export interface QuantileDifference extends Difference {
  readonly quantile: number;
}

/** Means over pairs, and of the second less the first, with its interval; in milliseconds or shares. */
export interface Difference {
  readonly first: number;
  readonly second: number;
  readonly difference: number;
  /** Left out of a single pair, which says nothing of chance. */
  readonly low?: number;
  readonly high?: number;
}

export interface ComparisonOptions {
  readonly limitMs?: number | undefined;
  readonly confidence?: number | undefined;
}

const askedQuantiles = [0.5, 0.9, 0.95, 0.99];
const shiftQuantiles = [...Array.from({ length: 19 }, (_, step) => (step + 1) / 20), 0.99];

/**
 * Compares two servers by pairs of runs: what they share, such as the schedule and the state of the
 * machine at the time, drops out of the differences within pairs. Intervals are Student's over
 * pairs; those of the shift function come from blocks of time, drawn anew.
 */
export function compareRuns(
  pairs: readonly RunPair[],
  { limitMs, confidence = 0.95 }: ComparisonOptions = {},
): Comparison {
  const sorted = pairs.map(({ first, second }) => ({
    first: sortedTimes(first, latencyMs, { onlyOk: true }),
    second: sortedTimes(second, latencyMs, { onlyOk: true }),
  }));
  const atQuantile = (quantile: number): QuantileDifference => ({
    quantile,
    ...differenceOf(
      sorted.map(({ first, second }) => ({
        first: quantileOfSorted(first, quantile),
        second: quantileOfSorted(second, quantile),
      })),
      confidence,
    ),
  });
  const misses = pairs.map(({ first, second }) => ({
    first: missShare(first, limitMs),
    second: missShare(second, limitMs),
  }));
  const isComparable = sorted.every(({ first, second }) => first.length > 0 && second.length > 0);
  return {
    pairCount: pairs.length,
    confidence,
    quantiles: isComparable ? askedQuantiles.map(atQuantile) : [],
    misses: {
      ...differenceOf(misses, confidence),
      ...(limitMs === undefined ? {} : { limitMs }),
    },
    shift: isComparable ? shiftOf(pairs, confidence) : [],
  };
}

function shiftOf(pairs: readonly RunPair[], confidence: number): QuantileDifference[] {
  const { first, second, blockCount } = blockedLatencies(pairs);
  const valueCount = first.values.length + second.values.length;
  const shifts = shiftFunction(first, second, {
    quantiles: shiftQuantiles,
    blockCount,
    confidence,
    seed: 1,
    // A second or so of computing, whatever was measured.
    resampleCount: Math.round(Math.min(1000, Math.max(100, 1e8 / valueCount))),
  });
  return shifts.map(({ lower, upper, ...shift }) => ({
    ...shift,
    ...knownBounds({ lower, upper }),
  }));
}

function differenceOf(
  pairs: readonly { readonly first: number; readonly second: number }[],
  confidence: number,
): Difference {
  const { mean: difference, ...interval } = pairedDifference(
    pairs.map(({ first, second }) => second - first),
    confidence,
  );
  return {
    first: mean(pairs.map(({ first }) => first)),
    second: mean(pairs.map(({ second }) => second)),
    difference,
    ...knownBounds(interval),
  };
}

function missShare(run: LoadRun, limitMs = Infinity): number {
  const { samples } = run;
  const first = firstMeasuredRow(run);
  let missCount = 0;
  for (let row = first; row < samples.count; row += 1) {
    const isGood = samples.outcome[row] === 0 && latencyMs(samples, row) <= limitMs;
    if (!isGood) missCount += 1;
  }
  return samples.count === first ? 0 : missCount / (samples.count - first);
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return values.reduce((total, value) => total + value, 0) / values.length;
}
