import type { BatchResult, ExecuteBatch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { toHeadwayError } from '../core/error.ts';
import type { BatchOutcome, RunningBatch, ScheduledJob } from './scheduled-job.ts';

/** Makes a batch of jobs that starts now. */
export function beginBatch(jobs: readonly ScheduledJob[], nowMs: number): RunningBatch {
  const abort = new AbortController();
  const batch = { jobs, batchSize: 0, startedMs: nowMs, abort, waitedForCount: jobs.length };
  for (const scheduled of jobs) {
    batch.batchSize += scheduled.batchSize;
    scheduled.batch = batch;
    scheduled.queueMs = nowMs - scheduled.arrivalMs;
  }
  return batch;
}

/**
 * Runs a batch on an instance and tells the outcome, once, to `finish`. Returns whether the run is
 * over already; then `finish` was called within.
 */
function runBatch(
  execute: ExecuteBatch,
  batch: RunningBatch,
  finish: (outcome: BatchOutcome, isInline: boolean) => void,
): boolean {
  let result: BatchResult | Promise<BatchResult>;
  try {
    const requests = batch.jobs.map(({ job }) => job.request);
    result = execute({ requests }, batch.abort.signal);
  } catch (thrown) {
    finish({ kind: 'failed', error: toHeadwayError(thrown) }, true);
    return true;
  }
  if (!(result instanceof Promise)) {
    finish({ kind: 'done', result }, true);
    return true;
  }
  result.then(
    (done) => finish({ kind: 'done', result: done }, false),
    (thrown: unknown) => finish({ kind: 'failed', error: toHeadwayError(thrown) }, false),
  );
  return false;
}

/** What `runToEnd` runs with, and whom it tells. */
export interface RunToEnd {
  readonly execute: ExecuteBatch;
  readonly clock: Clock;
  /** A batch ended, and its jobs are to be answered. */
  readonly finish: (batch: RunningBatch, outcome: BatchOutcome) => void;
  /** Everything ended, after `runToEnd` had returned. */
  readonly end: () => void;
}

/**
 * Runs a batch so that one bad request harms no other: a batch that fails is cut in halves, which
 * run one after the other, down to single requests. A bad request among n so costs about 2·log₂ n
 * runs more, and n of them at most 2·n - 2. Returns whether all is over already; then `end` is not
 * called.
 */
export function runToEnd(first: RunningBatch, options: RunToEnd): boolean {
  const { execute, clock, finish, end } = options;
  /** Parts still to be run, the last one first. */
  const parts: (readonly ScheduledJob[])[] = [];

  const answer = (batch: RunningBatch, outcome: BatchOutcome): void => {
    const { jobs, abort } = batch;
    if (outcome.kind === 'failed' && jobs.length > 1 && !abort.signal.aborted) {
      const middle = jobs.length >> 1;
      parts.push(jobs.slice(middle), jobs.slice(0, middle));
    } else {
      finish(batch, outcome);
    }
  };
  const run = (from: RunningBatch | undefined): boolean => {
    for (let batch = from; batch !== undefined; batch = beginPart(parts, clock)) {
      const current = batch;
      const isOver = runBatch(execute, current, (outcome, isInline) => {
        answer(current, outcome);
        if (!isInline && run(beginPart(parts, clock))) end();
      });
      if (!isOver) return false;
    }
    return true;
  };
  return run(first);
}

/** Takes the next part with jobs that somebody still waits for. */
function beginPart(parts: (readonly ScheduledJob[])[], clock: Clock): RunningBatch | undefined {
  for (let jobs = parts.pop(); jobs !== undefined; jobs = parts.pop()) {
    const waiting = jobs.filter((scheduled) => !scheduled.isSettled);
    if (waiting.length > 0) return beginBatch(waiting, clock.nowMs());
  }
  return undefined;
}
