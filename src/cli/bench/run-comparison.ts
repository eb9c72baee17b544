import {
  type Comparison,
  type RunPair,
  compareRuns,
} from '../../loadgen/comparison/compare-runs.ts';
import type { LoadSession } from '../load/load-session.ts';
import { loosestLimitMs } from '../../core/slo.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import type { BenchPlan } from './bench-plan.ts';
import { shapeOf } from './bench-plan.ts';
import type { Load } from './bench-mode.ts';

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
  session: LoadSession,
  { law, slo, warmupMs, durationMs }: BenchPlan,
  { load, seed, pairCount, isStopped }: PairOptions,
): Promise<ComparedServers> {
  const pairs: RunPair[] = [];
  for (let index = 0; index < pairCount && !isStopped(); index += 1) {
    const choice = { shape: shapeOf(load, law), seed: seed + index, warmupMs, durationMs };
    const measure = (side: 'first' | 'second'): Promise<LoadRun> =>
      session.measure(`pair ${index + 1} ${side}`, choice, side);
    if (index % 2 === 0) {
      const first = await measure('first');
      pairs.push({ first, second: await measure('second') });
    } else {
      const second = await measure('second');
      pairs.push({ first: await measure('first'), second });
    }
  }
  // The last one was cut short.
  const whole = isStopped() ? pairs.slice(0, -1) : pairs;
  const limitMs = loosestLimitMs(slo, 'latency');
  return {
    pairs: whole,
    comparison: whole.length === 0 ? undefined : compareRuns(whole, { limitMs }),
  };
}
