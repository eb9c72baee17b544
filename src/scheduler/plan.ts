import type { BatchPolicy } from './batch-policy.ts';
import { type Draft, draftBatch, endMs } from './draft-batch.ts';
import { type QueuedRequest, type QueueGroup, type QueueView, comesBefore } from './queue.ts';

/** Requests that must leave their place before anything else is decided. At least one is named. */
export interface ExpirePlan<R> {
  readonly kind: 'expire';
  /** Waited longer than they may. */
  readonly timedOut: readonly R[];
  /** Cannot be answered by their deadline any more. */
  readonly missed: readonly R[];
  /** Waited longer than they may, and go behind the others for it. */
  readonly delayed: readonly R[];
}

export interface DispatchPlan<R> {
  readonly kind: 'dispatch';
  /** All of one shape key, in the order of the queue. */
  readonly requests: readonly R[];
  readonly batchSize: number;
}

export type TimeoutPlan<R> =
  | ExpirePlan<R>
  /** Nothing to do before this moment, unless a request comes or an instance becomes free. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'idle' };

export type BatchPlan<R> = TimeoutPlan<R> | DispatchPlan<R>;

const idle = Object.freeze({ kind: 'idle' });

/** Decides which waiting requests have run out of time, and when the next one will have. */
export function planTimeouts<R extends QueuedRequest>(
  queue: QueueView<R>,
  nowMs: number,
): TimeoutPlan<R> {
  const untilMs = queue.earliestLimitMs();
  if (untilMs === Infinity) return idle;
  if (untilMs > nowMs) return { kind: 'wait', untilMs };
  const timedOut: R[] = [];
  const missed: R[] = [];
  const delayed: R[] = [];
  for (const group of queue.groups.values()) {
    for (const request of group.requests) {
      if (request.deadlineMs <= nowMs) missed.push(request);
      else if (request.timeoutAtMs > nowMs) continue;
      else if (request.timeoutAction === 'reject') timedOut.push(request);
      else delayed.push(request);
    }
  }
  return { kind: 'expire', timedOut, missed, delayed };
}

/**
 * Decides what a free instance should do: the one policy of the scheduler, pure, for serving and
 * for simulation alike. The caller carries out the plan and asks again until it says wait or idle.
 *
 * Among the groups of equal shape that are ready to run, the one with the foremost request runs. A
 * group is ready when the batch it would make cannot grow, has reached a preferred size, has waited
 * the longest it may, or would lose a request to its limit by waiting.
 */
export function planBatch<R extends QueuedRequest>(
  queue: QueueView<R>,
  policy: BatchPolicy,
  nowMs: number,
): BatchPlan<R> {
  const timeouts = planTimeouts(queue, nowMs);
  if (timeouts.kind === 'expire') return timeouts;
  let untilMs = timeouts.kind === 'wait' ? timeouts.untilMs : Infinity;
  let foremost: R | undefined;
  let chosen: DispatchPlan<R> | undefined;
  for (const group of queue.groups.values()) {
    const head = group.requests[0];
    if (head === undefined || (foremost && comesBefore(foremost, head))) continue;
    const plan = planGroup(group, policy, nowMs);
    if (plan.kind === 'expire') return plan;
    if (plan.kind === 'wait') {
      untilMs = Math.min(untilMs, plan.untilMs);
    } else {
      foremost = head;
      chosen = plan;
    }
  }
  if (chosen !== undefined) return chosen;
  return untilMs === Infinity ? idle : { kind: 'wait', untilMs };
}

type GroupPlan<R> =
  | ExpirePlan<R>
  | DispatchPlan<R>
  | { readonly kind: 'wait'; readonly untilMs: number };

function planGroup<R extends QueuedRequest>(
  group: QueueGroup<R>,
  policy: BatchPolicy,
  nowMs: number,
): GroupPlan<R> {
  const draft = draftBatch(group, { policy, nowMs, keepsDeadlines: false });
  if (draft.missed.length > 0) return miss(draft.missed);
  if (draft.deadlineMs !== Infinity && endMs(draft.batchSize, policy, nowMs) > draft.deadlineMs) {
    return planTightGroup(group, draft, { policy, nowMs });
  }
  const windowEndMs = draft.oldestArrivalMs + policy.maxQueueDelayMs;
  const windowIsOver = policy.maxQueueDelayMs > 0 && nowMs >= windowEndMs;
  if (draft.preferredRequestCount > 0 && !windowIsOver) {
    return {
      kind: 'dispatch',
      requests: draft.requests.slice(0, draft.preferredRequestCount),
      batchSize: draft.preferredBatchSize,
    };
  }
  const largestPreferred = policy.preferredBatchSizes.at(-1) ?? Infinity;
  const mustWait =
    nowMs < windowEndMs &&
    !draft.isClosed &&
    draft.batchSize < largestPreferred &&
    waitingIsSafe(draft, policy, windowEndMs);
  if (mustWait) return { kind: 'wait', untilMs: windowEndMs };
  return { kind: 'dispatch', requests: draft.requests, batchSize: draft.batchSize };
}

/** Whether every request of the draft keeps to its limits when the batch starts at the window's end. */
function waitingIsSafe<R>(draft: Draft<R>, policy: BatchPolicy, windowEndMs: number): boolean {
  if (draft.timeoutAtMs <= windowEndMs) return false;
  if (draft.deadlineMs === Infinity) return true;
  // What joins later joins only as far as this deadline allows.
  const runMs = policy.estimateRunMs(draft.batchSize, windowEndMs) ?? 0;
  return windowEndMs + runMs < draft.deadlineMs;
}

/**
 * Plans a group whose batch would be too slow for its tightest deadlines. They are kept with a
 * smaller batch when the rest can wait for it. When it cannot, keeping them would make the next
 * batch just as late and leave batch after batch small: then the tightest are given up, as few as
 * will do (as in Shen et al., Nexus, SOSP 2019).
 */
function planTightGroup<R extends QueuedRequest>(
  group: QueueGroup<R>,
  whole: Draft<R>,
  { policy, nowMs }: { readonly policy: BatchPolicy; readonly nowMs: number },
): GroupPlan<R> {
  const small = draftBatch(group, { policy, nowMs, keepsDeadlines: true });
  const dispatch: DispatchPlan<R> = {
    kind: 'dispatch',
    requests: small.requests,
    batchSize: small.batchSize,
  };
  const smallEndMs = endMs(small.batchSize, policy, nowMs);
  const restEndMs = endMs(whole.batchSize - small.batchSize, policy, smallEndMs);
  const kept = new Set(small.requests);
  const restCanWait = whole.requests.every(
    (request) => kept.has(request) || request.deadlineMs >= restEndMs,
  );
  if (restCanWait) return dispatch;
  const due = whole.requests
    .filter((request) => request.deadlineMs !== Infinity)
    .toSorted((a, b) => a.deadlineMs - b.deadlineMs);
  const tight = tightest(due, policy, nowMs);
  return tight.length > 0 ? miss(tight) : dispatch;
}

/** The fewest requests, tightest first, without which a batch of the others would be in time. */
function tightest<R extends QueuedRequest>(
  due: readonly R[],
  policy: BatchPolicy,
  nowMs: number,
): readonly R[] {
  let batchSize = due.reduce((sum, request) => sum + request.batchSize, 0);
  const count = due.findIndex((request) => {
    if (endMs(batchSize, policy, nowMs) <= request.deadlineMs) return true;
    batchSize -= request.batchSize;
    return false;
  });
  return due.slice(0, Math.max(0, count));
}

function miss<R>(missed: readonly R[]): ExpirePlan<R> {
  return { kind: 'expire', timedOut: [], missed, delayed: [] };
}
