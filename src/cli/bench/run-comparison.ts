import { loosestLimitMs } from '../../core/slo.ts';
import {
  type Comparison,
  type RunPair,
  compareRuns,
} from '../../loadgen/comparison/compare-runs.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import type { LoadSession, Side } from '../load/load-session.ts';
import type { Load } from './bench-mode.ts';
import { type BenchPlan, shapeOf } from './bench-plan.ts';

/** Two servers measured in pairs. */
export interface ComparedServers {
  readonly pairs: readonly RunPair[];
  /** `undefined` when there is no whole pair. */
  readonly comparison: Comparison | undefined;
}

export interface PairOptions {
  readonly load: Load;
  readonly seed: number;
  readonly pairCount: number;
  readonly isStopped: () => boolean;
}

/**
 * Measures two servers in pairs, each pair on one schedule, and which one goes first changes from
 * pair to pair, so that what changes on the machine over time falls on both alike.
 */
export async function runComparison(
  session: Pick<LoadSession, 'measure'>,
  { law, slo, warmupMs, durationMs }: BenchPlan,
  { load, seed, pairCount, isStopped }: PairOptions,
): Promise<ComparedServers> {
  const pairs: RunPair[] = [];
  for (let index = 0; index < pairCount && !isStopped(); index += 1) {
    const choice = { shape: shapeOf(load, law), seed: seed + index, warmupMs, durationMs };
    const order = index % 2 === 0 ? (['first', 'second'] as const) : (['second', 'first'] as const);
    const sides: Partial<Record<Side, LoadRun>> = {};
    for (const side of order) {
      if (!isStopped())
        sides[side] = await session.measure(`pair ${index + 1} ${side}`, choice, side);
    }
    const { first, second } = sides;
    // The one under way is cut short.
    if (first !== undefined && second !== undefined && !isStopped()) pairs.push({ first, second });
  }
  const limitMs = loosestLimitMs(slo, 'latency');
  return {
    pairs,
    comparison: pairs.length === 0 ? undefined : compareRuns(pairs, { limitMs }),
  };
}
