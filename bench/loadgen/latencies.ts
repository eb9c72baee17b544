import type { LoadRun } from '../../src/loadgen/samples.ts';

/** What was measured from the intended times after the warm-up, ascending; a request without an answer is endless. */
export function latenciesOf({ samples, warmupMs }: LoadRun): Float64Array {
  const { intendedMs, endMs, outcome } = samples;
  const latencies: number[] = [];
  for (const [row, atMs] of intendedMs.entries()) {
    if (atMs < warmupMs) continue;
    latencies.push(outcome[row] === 0 ? (endMs[row] ?? Infinity) - atMs : Infinity);
  }
  return Float64Array.from(latencies).sort();
}
