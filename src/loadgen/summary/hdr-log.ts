import { createHdrHistogram } from './hdr-histogram.ts';
import type { HdrHistogram } from './hdr-histogram.ts';
import { firstMeasuredRow, latencyMs, serviceMs } from './measured-rows.ts';
import type { RowTime } from './measured-rows.ts';
import type { LoadRun } from '../samples.ts';

/** What is written of each interval, by its tag in the log. */
const tags = { latency: latencyMs, service: serviceMs } as const satisfies Record<string, RowTime>;

const mostIntervals = 600;

/**
 * The lines of an HdrHistogram log, version 1.3: of every second of the run (of longer intervals
 * where it took more than ten minutes) one histogram of the latencies from the intended times and
 * one of the service times, in nanoseconds, tagged `latency` and `service`. Answered requests
 * only, by when they were intended, and none of the warm-up.
 */
export function* hdrLogLines(run: LoadRun): Generator<string> {
  const { samples, warmupMs, startedAtUnixMs } = run;
  const startSeconds = startedAtUnixMs / 1000;
  yield '#[Times are nanoseconds: latency from the intended send, service from the actual send]';
  yield '#[Histogram log format version 1.3]';
  yield `#[StartTime: ${startSeconds.toFixed(3)} (seconds since epoch), ${new Date(startedAtUnixMs).toISOString()}]`;
  yield `#[BaseTime: ${startSeconds.toFixed(3)} (seconds since epoch)]`;
  yield '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"';
  const first = firstMeasuredRow(run);
  if (first === samples.count) return;
  const lastMs = samples.intendedMs[samples.count - 1] ?? 0;
  const intervalMs = 1000 * Math.max(1, Math.ceil((lastMs - warmupMs) / 1000 / mostIntervals));
  let row = first;
  while (row < samples.count) {
    const interval = Math.floor(((samples.intendedMs[row] ?? 0) - warmupMs) / intervalMs);
    const startMs = warmupMs + interval * intervalMs;
    let end = row + 1;
    while (end < samples.count && (samples.intendedMs[end] ?? 0) < startMs + intervalMs) end += 1;
    for (const [tag, time] of Object.entries(tags)) {
      yield logLine({ tag, startMs, intervalMs }, histogramOf(run, time, [row, end]));
    }
    row = end;
  }
}

interface Interval {
  readonly tag: string;
  readonly startMs: number;
  readonly intervalMs: number;
}

function logLine({ tag, startMs, intervalMs }: Interval, histogram: HdrHistogram): string {
  const seconds = [startMs / 1000, intervalMs / 1000, histogram.max / 1e6].map((number) =>
    number.toFixed(3),
  );
  return [`Tag=${tag}`, ...seconds, histogram.encode().toString('base64')].join(',');
}

function histogramOf(
  { samples }: LoadRun,
  time: RowTime,
  [from, to]: readonly [number, number],
): HdrHistogram {
  const histogram = createHdrHistogram();
  for (let row = from; row < to; row += 1) {
    const value = time(samples, row);
    if (samples.outcome[row] === 0 && !Number.isNaN(value)) histogram.record(value * 1e6);
  }
  return histogram;
}
