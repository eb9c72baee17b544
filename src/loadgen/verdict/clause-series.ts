import type { LatencyClause } from '../../core/slo.ts';
import { chunksOf } from '../llm/answer-times.ts';
import { metricTimes } from '../llm/metric-times.ts';
import { type LoadRun, type Samples, outcomes } from '../samples.ts';

/** How the requests of a run did by a clause, in the order of their intended times. */
export interface ClauseSeries {
  readonly durationMs: number;
  /** Since the warm-up ended. */
  readonly atMs: Float64Array;
  /** What the clause counts in each request: 1, or its gaps between tokens. */
  readonly trialCounts: Uint32Array;
  readonly missCounts: Uint32Array;
  /** The worst of what the clause measures in each request; infinite for one that did not go well. */
  readonly worstMs: Float64Array;
}

const ok = outcomes.indexOf('ok');

/** Measures a run by a clause. A request that did not go well is a miss, whatever its time. */
export function clauseSeries(run: LoadRun, clause: LatencyClause): ClauseSeries {
  const { samples, warmupMs, durationMs } = run;
  const { metric, limitMs } = clause;
  const time = metricTimes[metric];
  const begin = firstRowFrom(samples, warmupMs);
  const end = firstRowFrom(samples, warmupMs + durationMs);
  const rowCount = end - begin;
  const series = {
    durationMs,
    atMs: samples.intendedMs.slice(begin, end).map((atMs) => atMs - warmupMs),
    trialCounts: new Uint32Array(rowCount),
    missCounts: new Uint32Array(rowCount),
    worstMs: new Float64Array(rowCount),
  };
  for (let place = 0; place < rowCount; place += 1) {
    const row = begin + place;
    const isOk = samples.outcome[row] === ok;
    const timeMs = isOk ? time.timeMs(samples, row) : Infinity;
    const isMissing = Number.isNaN(timeMs);
    const isLate = !(timeMs <= limitMs);
    const isNone = isMissing && time.mayBeMissing;
    const gaps = metric === 'itl' && isOk ? gapsOf(samples, row, limitMs) : undefined;
    series.trialCounts[place] = gaps?.count ?? Number(!isNone);
    series.missCounts[place] = gaps?.lateCount ?? Number(!isNone && isLate);
    series.worstMs[place] = isNone ? 0 : isMissing ? Infinity : timeMs;
  }
  return series;
}

/** The first row that is due at this time or later. */
export function firstRowFrom(
  { count, intendedMs }: Pick<Samples, 'count' | 'intendedMs'>,
  atMs: number,
): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((intendedMs[middle] ?? Infinity) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The waits between the chunks of an answer, and those over the limit. */
function gapsOf({ stream }: Samples, row: number, limitMs: number): Gaps {
  if (stream === undefined) return { count: 0, lateCount: 0 };
  const { from, to } = chunksOf(stream, row);
  let lateCount = 0;
  for (let chunk = from + 1; chunk < to; chunk += 1) {
    const gapMs = (stream.chunkMs[chunk] ?? Number.NaN) - (stream.chunkMs[chunk - 1] ?? Number.NaN);
    if (!(gapMs <= limitMs)) lateCount += 1;
  }
  return { count: Math.max(0, to - from - 1), lateCount };
}

interface Gaps {
  readonly count: number;
  readonly lateCount: number;
}
