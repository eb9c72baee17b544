import type { LoadRun } from '../samples.ts';
import { firstMeasuredRow } from '../summary/measured-rows.ts';
import type { RowTime } from '../summary/measured-rows.ts';
import { stretchOf } from '../summary/throughput.ts';

/** What was measured of the good answers whose requests were intended within a stretch of time. */
export interface Stretch {
  readonly middleMs: number;
  /** In ascending order; never empty. */
  readonly sorted: Float64Array;
}

/** A time of good answers by stretches of the run; stretches without one are left out. */
export function stretchesOf(run: LoadRun, time: RowTime): Stretch[] {
  const { samples, warmupMs, durationMs } = run;
  const stretchMs = stretchOf(durationMs);
  const values = new Map<number, number[]>();
  for (let row = firstMeasuredRow(run); row < samples.count; row += 1) {
    const value = time(samples, row);
    if (samples.outcome[row] !== 0 || Number.isNaN(value)) continue;
    const place = Math.floor(((samples.intendedMs[row] ?? 0) - warmupMs) / stretchMs);
    const own = values.get(place);
    if (own) own.push(value);
    else values.set(place, [value]);
  }
  return [...values].map(([place, own]) => ({
    middleMs: warmupMs + (place + 0.5) * stretchMs,
    sorted: Float64Array.from(own).sort(),
  }));
}
