import { firstMeasuredRow } from './measured-rows.ts';
import type { LoadRun } from '../samples.ts';
import type { Throughput } from './load-summary.ts';

const mostStretches = 240;

/** The length of stretches that cut a time into a few hundred parts of whole seconds at most. */
export function stretchOf(durationMs: number): number {
  return 1000 * Math.max(1, Math.ceil(durationMs / 1000 / mostStretches));
}

/** Requests over time: offered, answered well, gone wrong. The warm-up is left out. */
export function throughputOf(run: LoadRun): Throughput {
  const { samples, warmupMs, durationMs } = run;
  const stretchMs = stretchOf(durationMs);
  const count = Math.max(1, Math.ceil(durationMs / stretchMs));
  const offered = new Float64Array(count);
  const achieved = new Float64Array(count);
  const failed = new Float64Array(count);
  const add = (counts: Float64Array, timeMs: number): void => {
    const place = Math.floor((timeMs - warmupMs) / stretchMs);
    if (place >= 0 && place < count) counts[place] = (counts[place] ?? 0) + 1;
  };
  const first = firstMeasuredRow(run);
  for (let row = 0; row < samples.count; row += 1) {
    const isOk = samples.outcome[row] === 0;
    if (isOk) add(achieved, samples.endMs[row] ?? NaN);
    if (row < first) continue;
    add(offered, samples.intendedMs[row] ?? NaN);
    if (!isOk) add(failed, samples.intendedMs[row] ?? NaN);
  }
  const perSecond = (counts: Float64Array): number[] =>
    Array.from(counts, (each, place) => {
      const lengthMs = Math.min(stretchMs, durationMs - place * stretchMs);
      return lengthMs > 0 ? (each * 1000) / lengthMs : 0;
    });
  return {
    stretchMs,
    startMs: Array.from(offered, (_, place) => warmupMs + place * stretchMs),
    offeredPerSecond: perSecond(offered),
    achievedPerSecond: perSecond(achieved),
    failedPerSecond: perSecond(failed),
  };
}
