import type { LoadRun, Outcome } from '../samples.ts';
import { validityOf } from '../validity.ts';
import { distributionOf } from './distribution.ts';
import type { Distribution, LoadSummary } from './load-summary.ts';
import {
  computeMs,
  firstByteMs,
  firstMeasuredRow,
  latencyMs,
  outcomeOf,
  queueMs,
  sendLagMs,
  serviceMs,
  sortedTimes,
} from './measured-rows.ts';
import type { RowTime } from './measured-rows.ts';
import { throughputOf } from './throughput.ts';

/** Tells what a run measured. The warm-up is left out, except where a field says otherwise. */
export function summarize(run: LoadRun): LoadSummary {
  const { samples, loop, startedAtUnixMs, warmupMs, durationMs } = run;
  const requestCount = samples.count - firstMeasuredRow(run);
  const { valid: isValid, ...validity } = validityOf(run);
  return {
    loop,
    startedAtUnixMs,
    warmupMs,
    durationMs,
    requestCount,
    offeredPerSecond: perSecond(requestCount, durationMs),
    achievedPerSecond: perSecond(countAnswersInTime(run), durationMs),
    outcomes: countOutcomes(run),
    reasons: [...run.reasons]
      .map(([reason, count]) => ({ reason, count }))
      .toSorted((a, b) => b.count - a.count),
    validity: { isValid, ...validity },
    latencyFrom: loop === 'open' ? 'intendedSend' : 'turnInClosedLoop',
    ...distributionsOf(run),
    throughput: throughputOf(run),
  };
}

/** The times of good answers; the lag is that of all that was sent. */
const okTimes = {
  latencyMs,
  serviceMs,
  firstByteMs,
  serverQueueMs: queueMs,
  serverComputeMs: computeMs,
} as const satisfies Partial<Record<keyof LoadSummary, RowTime>>;

type Times = Partial<Record<keyof typeof okTimes | 'sendLagMs', Distribution>>;

function distributionsOf(run: LoadRun): Times {
  const sorted: [string, Float64Array][] = Object.entries(okTimes).map(([name, time]) => [
    name,
    sortedTimes(run, time, { onlyOk: true }),
  ]);
  sorted.push(['sendLagMs', sortedTimes(run, sendLagMs)]);
  return Object.fromEntries(
    sorted.flatMap(([name, values]) => {
      const distribution = distributionOf(values);
      return distribution ? [[name, distribution]] : [];
    }),
  ) as Times;
}

function perSecond(count: number, durationMs: number): number {
  return durationMs > 0 ? (count * 1000) / durationMs : 0;
}

function countAnswersInTime({ samples, warmupMs, durationMs }: LoadRun): number {
  let count = 0;
  for (let row = 0; row < samples.count; row += 1) {
    const endMs = samples.endMs[row] ?? NaN;
    const isInTime = endMs >= warmupMs && endMs <= warmupMs + durationMs;
    if (isInTime && samples.outcome[row] === 0) count += 1;
  }
  return count;
}

function countOutcomes(run: LoadRun): LoadSummary['outcomes'] {
  const counts: Partial<Record<Outcome, number>> = {};
  for (let row = firstMeasuredRow(run); row < run.samples.count; row += 1) {
    const outcome = outcomeOf(run.samples, row);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
