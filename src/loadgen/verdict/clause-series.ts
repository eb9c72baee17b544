import type { LatencyClause } from '../../core/slo.ts';
import { firstRowFrom } from '../first-row.ts';
import { chunksOf } from '../llm/answer-times.ts';
import { metricTimes } from '../llm/metric-times.ts';
import { type LoadRun, type Samples, outcomes } from '../samples.ts';

/** How the requests of a run did by a clause, in the order of their intended times. */
export interface ClauseSeries {
  readonly durationMs: number;
  /** Since the warm-up ended. */
  readonly atMs: Float64Array;
  /** The worst of what the clause measures in each request; infinite for one that did not go well. */
  readonly worstMs: Float64Array;
  /**
   * What is counted in each request: the request itself; or, where the clause is about the gaps
   * between tokens, first whether it was answered well, and then the gaps of the good answers.
   */
  readonly counts: readonly Counts[];
}

/** Trials and misses of each request. */
export interface Counts {
  readonly trialCounts: Uint32Array;
  readonly missCounts: Uint32Array;
}

const ok = outcomes.indexOf('ok');

/** Measures a run by a clause. A request that did not go well is a miss, whatever its time. */
export function clauseSeries(run: LoadRun, clause: LatencyClause): ClauseSeries {
  const { samples, warmupMs, durationMs } = run;
  const time = metricTimes[clause.metric];
  const begin = firstRowFrom(samples, warmupMs);
  const rowCount = firstRowFrom(samples, warmupMs + durationMs) - begin;
  const worstMs = new Float64Array(rowCount);
  const whole = countsOf(rowCount);
  const gaps = countsOf(rowCount);
  for (let place = 0; place < rowCount; place += 1) {
    const row = begin + place;
    const isOk = samples.outcome[row] === ok;
    const timeMs = isOk ? time.timeMs(samples, row) : Infinity;
    const isMissing = Number.isNaN(timeMs);
    const isNone = isMissing && time.mayBeMissing;
    worstMs[place] = isNone ? 0 : isMissing ? Infinity : timeMs;
    if (clause.metric === 'itl') {
      whole.trialCounts[place] = 1;
      whole.missCounts[place] = Number(!isOk);
      if (isOk) countGaps(gaps, place, { samples, row, limitMs: clause.limitMs });
    } else {
      whole.trialCounts[place] = Number(!isNone);
      whole.missCounts[place] = Number(!isNone && !(timeMs <= clause.limitMs));
    }
  }
  return {
    durationMs,
    atMs: samples.intendedMs
      .slice(begin, begin + rowCount)
      .map((intendedMs) => intendedMs - warmupMs),
    worstMs,
    counts: clause.metric === 'itl' ? [whole, gaps] : [whole],
  };
}

/** The first `cutMs` of runs that follow each other. */
export function cutSeries(runs: readonly ClauseSeries[], cutMs: number): ClauseSeries[] {
  let leftMs = cutMs;
  return runs.flatMap((run) => {
    const durationMs = Math.min(run.durationMs, leftMs);
    leftMs -= durationMs;
    if (durationMs <= 0) return [];
    if (durationMs === run.durationMs) return [run];
    const end = rowFrom(run, durationMs);
    return [
      {
        durationMs,
        atMs: run.atMs.subarray(0, end),
        worstMs: run.worstMs.subarray(0, end),
        counts: run.counts.map(({ trialCounts, missCounts }) => ({
          trialCounts: trialCounts.subarray(0, end),
          missCounts: missCounts.subarray(0, end),
        })),
      },
    ];
  });
}

/** The first request of a series that is due so long after the warm-up, or later. */
export function rowFrom({ atMs }: ClauseSeries, sinceWarmupMs: number): number {
  return firstRowFrom({ count: atMs.length, intendedMs: atMs }, sinceWarmupMs);
}

/**
 * The share that did not meet the clause, of the requests from `fromRow` on. Where gaps are counted,
 * a request that was not answered well counts as if it had as many as a good one, all of them late:
 * the share of such requests, and of the rest the share of late gaps. `undefined` where nothing was
 * counted.
 */
export function missShare({ counts }: ClauseSeries, fromRow = 0): number | undefined {
  let metShare = 1;
  for (const { trialCounts, missCounts } of counts) {
    const trialCount = sumOf(trialCounts.subarray(fromRow));
    const missCount = sumOf(missCounts.subarray(fromRow));
    if (trialCount > 0) metShare *= 1 - missCount / trialCount;
    else if (metShare > 0) return undefined;
  }
  return 1 - metShare;
}

export function sumOf(counts: Uint32Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

function countsOf(rowCount: number): Counts {
  return { trialCounts: new Uint32Array(rowCount), missCounts: new Uint32Array(rowCount) };
}

interface GapRow {
  readonly samples: Samples;
  readonly row: number;
  readonly limitMs: number;
}

/** The waits between the chunks of an answer, and those over the limit. */
function countGaps(
  { trialCounts, missCounts }: Counts,
  place: number,
  { samples: { stream }, row, limitMs }: GapRow,
): void {
  if (stream === undefined) return;
  const { from, to } = chunksOf(stream, row);
  let lateCount = 0;
  for (let chunk = from + 1; chunk < to; chunk += 1) {
    const gapMs = (stream.chunkMs[chunk] ?? Number.NaN) - (stream.chunkMs[chunk - 1] ?? Number.NaN);
    if (!(gapMs <= limitMs)) lateCount += 1;
  }
  trialCounts[place] = Math.max(0, to - from - 1);
  missCounts[place] = lateCount;
}
