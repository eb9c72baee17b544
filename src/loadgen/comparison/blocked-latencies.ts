import type { BlockedValues } from '../../core/statistics/shift-function.ts';
import type { LoadRun } from '../samples.ts';
import { firstMeasuredRow, latencyMs } from '../summary/measured-rows.ts';
import type { RunPair } from './compare-runs.ts';

/** Latencies of good answers, each with the block of time that its request was intended in. */
export interface BlockedPairs {
  readonly first: BlockedValues;
  readonly second: BlockedValues;
  readonly blockCount: number;
}

const blocksPerPair = 20;

/**
 * Cuts every pair of runs into blocks of time, the same for both of its runs, so that what lasts,
 * such as a burst, stays together when blocks are drawn anew.
 */
export function blockedLatencies(pairs: readonly RunPair[]): BlockedPairs {
  return {
    first: sideOf(pairs.map(({ first }) => first)),
    second: sideOf(pairs.map(({ second }) => second)),
    blockCount: pairs.length * blocksPerPair,
  };
}

function sideOf(runs: readonly LoadRun[]): BlockedValues {
  const values: number[] = [];
  const blocks: number[] = [];
  for (const [pair, run] of runs.entries()) {
    const { samples, warmupMs, durationMs } = run;
    for (let row = firstMeasuredRow(run); row < samples.count; row += 1) {
      const latency = latencyMs(samples, row);
      if (samples.outcome[row] !== 0 || Number.isNaN(latency)) continue;
      const share = ((samples.intendedMs[row] ?? 0) - warmupMs) / durationMs;
      const block = Math.min(blocksPerPair - 1, Math.floor(share * blocksPerPair));
      values.push(latency);
      blocks.push(pair * blocksPerPair + block);
    }
  }
  return { values: Float64Array.from(values), blocks: Uint32Array.from(blocks) };
}
