import type { BatchResult } from '../core/batch.ts';
import { HeadwayError } from '../core/error.ts';
import type { DynamicBatching } from '../config/model-config.ts';
import { type QueuedRequest, urgencyMs } from './queue.ts';
import { levelOf, policyAt, queueTimeoutMs } from './queue-policy.ts';
import type { ReleaseOrder, ReleasePlace } from './release-order.ts';
import type { JobResult, SchedulerJob } from './scheduler.ts';
import { shapeKey } from './shape-key.ts';

/** A batch in execution. */
export interface RunningBatch {
  readonly jobs: readonly ScheduledJob[];
  readonly batchSize: number;
  readonly startedMs: number;
  readonly abort: AbortController;
  /** Jobs somebody still waits for. */
  waitedForCount: number;
}

/** How a run ended. */
export type BatchOutcome =
  | { readonly kind: 'done'; readonly result: BatchResult }
  | { readonly kind: 'failed'; readonly error: HeadwayError };

/** A job on its way from submission to its one answer. */
export interface ScheduledJob extends QueuedRequest {
  readonly job: SchedulerJob;
  /** How long an instance had been free, in all, when the job came. */
  readonly freeMsAtArrival: number;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: HeadwayError) => void;
  /** Set when answers keep the order of submission. */
  place: ReleasePlace | undefined;
  /** The run it is in, or was in last; `undefined` while it waits in the queue. */
  batch: RunningBatch | undefined;
  isSettled: boolean;
  queueMs: number;
  batchWaitMs: number;
  /** Set while an abort of the job's signal is listened to. */
  onAbort: (() => void) | undefined;
}

/** What a job is given when it comes, beside itself. */
export interface Arrival {
  readonly order: number;
  readonly nowMs: number;
  /** `undefined` when no two requests share a batch. */
  readonly paddedInputNames: ReadonlySet<string> | undefined;
  readonly scheduling: DynamicBatching;
  readonly freeMs: number;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: HeadwayError) => void;
}

/** Works out a job's level, limits and urgency from its own wishes and the model's policies. */
export function createScheduledJob(job: SchedulerJob, arrival: Arrival): ScheduledJob {
  const { nowMs, scheduling, order, paddedInputNames } = arrival;
  const level = levelOf(job.priority, scheduling);
  const policy = policyAt(level, scheduling);
  const timeoutAtMs = nowMs + queueTimeoutMs(job.queueTimeoutMs, policy);
  const deadlineMs = job.deadlineMs ?? Infinity;
  return {
    job,
    order,
    level,
    shapeKey: paddedInputNames ? shapeKey(job.request.inputs, paddedInputNames, order) : '',
    batchSize: job.batchSize,
    arrivalMs: nowMs,
    deadlineMs,
    timeoutAction: policy.timeoutAction,
    timeoutAtMs,
    urgencyMs: urgencyMs(nowMs, Math.min(timeoutAtMs, deadlineMs)),
    delayed: false,
    freeMsAtArrival: arrival.freeMs,
    resolve: arrival.resolve,
    reject: arrival.reject,
    place: undefined,
    batch: undefined,
    isSettled: false,
    queueMs: 0,
    batchWaitMs: 0,
    onAbort: undefined,
  };
}

/** Answers the jobs of a batch, each when its turn comes where there is an order to keep. */
export function settleBatch(
  jobs: readonly ScheduledJob[],
  outcome: BatchOutcome,
  order: ReleaseOrder | undefined,
): void {
  for (const [index, scheduled] of jobs.entries()) {
    const { place } = scheduled;
    if (order === undefined || place === undefined) settleWithOutcome(scheduled, outcome, index);
    else order.answer(place, () => settleWithOutcome(scheduled, outcome, index));
  }
}

/** Answers a job with its part of what the run gave; nothing when it has its answer already. */
function settleWithOutcome(job: ScheduledJob, outcome: BatchOutcome, index: number): void {
  if (outcome.kind === 'failed') return settleWithError(job, outcome.error);
  const { items, timings } = outcome.result;
  const item = items[index];
  if (item === undefined) {
    settleWithError(job, new HeadwayError('internal', 'The model gave this request no answer.'));
  } else if (item.kind === 'failed') {
    settleWithError(job, item.error);
  } else if (beginSettling(job)) {
    const { queueMs, batchWaitMs } = job;
    const { inputMs, inferMs, outputMs } = timings;
    const { outputs } = item;
    job.resolve({ outputs, timings: { queueMs, batchWaitMs, inputMs, inferMs, outputMs } });
  }
}

/**
 * Answers a job with a failure; nothing when it has its answer already. Nobody waits for it any more
 * in the order, which it may never come to otherwise: what fails is run again without it.
 */
export function settleWithError(
  job: ScheduledJob,
  error: HeadwayError,
  order?: ReleaseOrder,
): void {
  if (beginSettling(job)) job.reject(error);
  if (job.place !== undefined) order?.leave(job.place);
}

function beginSettling(job: ScheduledJob): boolean {
  if (job.isSettled) return false;
  job.isSettled = true;
  if (job.onAbort !== undefined) {
    job.job.signal?.removeEventListener('abort', job.onAbort);
    job.onAbort = undefined;
  }
  return true;
}
