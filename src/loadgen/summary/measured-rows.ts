import { firstRowFrom } from '../first-row.ts';
import { outcomes } from '../samples.ts';
import type { LoadRun, Outcome, Samples } from '../samples.ts';

/** A time of one request, in milliseconds; NaN where it never got that far. */
export type RowTime = (samples: Samples, row: number) => number;

/** From when the schedule wanted the request sent to its last byte. */
export const latencyMs: RowTime = ({ endMs, intendedMs }, row) =>
  (endMs[row] ?? NaN) - (intendedMs[row] ?? NaN);

/** From the actual send to the last byte. */
export const serviceMs: RowTime = ({ endMs, sentMs }, row) =>
  (endMs[row] ?? NaN) - (sentMs[row] ?? NaN);

/** From the actual send to the first byte of the answer. */
export const firstByteMs: RowTime = (samples, row) =>
  (samples.firstByteMs[row] ?? NaN) - (samples.sentMs[row] ?? NaN);

/** How much later than intended the request was sent. */
export const sendLagMs: RowTime = ({ sentMs, intendedMs }, row) =>
  (sentMs[row] ?? NaN) - (intendedMs[row] ?? NaN);

/** How long the server says the request waited. */
export const queueMs: RowTime = (samples, row) => samples.queueMs[row] ?? NaN;

/** How long the server says it computed. */
export const computeMs: RowTime = (samples, row) => samples.computeMs[row] ?? NaN;

/** The first row that is judged: rows are in the order of their intended times. */
export function firstMeasuredRow({ samples, warmupMs }: LoadRun): number {
  return firstRowFrom(samples, warmupMs);
}

export function outcomeOf(samples: Samples, row: number): Outcome {
  return outcomes[samples.outcome[row] ?? 0] ?? 'failed';
}

/** How to choose rows. */
export interface RowChoice {
  /** Only of requests that were answered well. */
  readonly onlyOk?: boolean;
}

/** A time of every judged request that has it, in ascending order. */
export function sortedTimes(
  run: LoadRun,
  time: RowTime,
  { onlyOk = false }: RowChoice = {},
): Float64Array {
  const { samples } = run;
  const first = firstMeasuredRow(run);
  const values = new Float64Array(samples.count - first);
  let count = 0;
  for (let row = first; row < samples.count; row += 1) {
    const value = time(samples, row);
    if (Number.isNaN(value) || (onlyOk && samples.outcome[row] !== 0)) continue;
    values[count] = value;
    count += 1;
  }
  return values.subarray(0, count).sort();
}
