import { pairedDifference } from '../../core/statistics/paired.ts';
import { type BlockedValues, shiftFunction } from '../../core/statistics/shift-function.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { firstMeasuredRow, latencyMs } from '../../loadgen/summary/measured-rows.ts';
import { validityOf } from '../../loadgen/validity.ts';

/** Two runs of one name; also part of the document of `--json`. */
export interface LoadComparison {
  readonly name: string;
  readonly counts: readonly CountPair[];
  /** Latencies of good answers; none where a side has no good answer. */
  readonly latencyMs: readonly QuantileDifference[];
}

/** What can be told of both without an interval. */
export interface CountPair {
  readonly name: string;
  readonly a: number;
  readonly b: number;
}

/** By how much B exceeds A, and between which values the true difference lies. */
export interface QuantileDifference {
  readonly quantile: number;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

const confidence = 0.95;

const quantiles = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
const blockCount = 30;

/**
 * Compares two runs over their whole distributions: the shift function. Blocks of time are drawn
 * anew, so that the intervals are right for latencies that depend on those before.
 */
export function compareLoads(name: string, a: LoadRun, b: LoadRun): LoadComparison {
  const [first, second] = [goodLatencies(a), goodLatencies(b)];
  const rows = first.values.length + second.values.length;
  const isEmpty = first.values.length === 0 || second.values.length === 0;
  const shifts = isEmpty
    ? []
    : shiftFunction(first, second, {
        quantiles,
        blockCount,
        confidence,
        seed: 1,
        // Each goes through all rows; the interval of very many needs fewer.
        resampleCount: Math.min(1_000, Math.max(200, Math.round(1e8 / rows))),
      });
  const [left, right] = [countsOf(a), countsOf(b)];
  return {
    name,
    counts: [...left].map(([count, value]) => ({
      name: count,
      a: value,
      b: right.get(count) ?? 0,
    })),
    latencyMs: shifts.map(({ first: from, second: to, lower, upper, ...shift }) => ({
      ...shift,
      a: from,
      b: to,
      low: lower,
      high: upper,
    })),
  };
}

/**
 * The mean differences of the runs' quantiles, with intervals from how they vary between pairs.
 * @param runs of one schedule each.
 */
export function compareInPairs(runs: readonly LoadComparison[]): QuantileDifference[] {
  const complete = runs.filter((run) => run.latencyMs.length > 0);
  if (complete.length < 2) return [];
  return quantiles.map((quantile, place) => {
    const each = complete.flatMap((run) => run.latencyMs[place] ?? []);
    const { mean, lower, upper } = pairedDifference(
      each.map(({ difference }) => difference),
      confidence,
    );
    const meanOf = (side: 'a' | 'b'): number =>
      each.reduce((sum, one) => sum + one[side], 0) / each.length;
    return { quantile, a: meanOf('a'), b: meanOf('b'), difference: mean, low: lower, high: upper };
  });
}

function goodLatencies(run: LoadRun): BlockedValues {
  const { samples, warmupMs, durationMs } = run;
  const values: number[] = [];
  const blocks: number[] = [];
  for (let row = firstMeasuredRow(run); row < samples.count; row += 1) {
    if (samples.outcome[row] !== 0) continue;
    const share = ((samples.intendedMs[row] ?? 0) - warmupMs) / durationMs;
    values.push(latencyMs(samples, row));
    blocks.push(Math.min(blockCount - 1, Math.floor(share * blockCount)));
  }
  return { values: Float64Array.from(values), blocks: Uint32Array.from(blocks) };
}

function countsOf(run: LoadRun): ReadonlyMap<string, number> {
  const { samples, durationMs } = run;
  const first = firstMeasuredRow(run);
  const requests = samples.count - first;
  const good = samples.outcome.subarray(first).reduce((sum, one) => sum + (one === 0 ? 1 : 0), 0);
  return new Map([
    ['requests', requests],
    ['offered/s', (requests * 1000) / durationMs],
    ['answered well/s', (good * 1000) / durationMs],
    ['not answered well', requests - good],
    ['send lag p99 ms', validityOf(run).lagP99Ms],
  ]);
}
