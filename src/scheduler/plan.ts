import { type QueuedRequest, type QueueGroup, type QueueView, comesBefore } from './queue.ts';

/** How the batches of one model are formed. */
export interface BatchPolicy {
  /** Most items in a batch, at least 1. */
  readonly maxBatchSize: number;
  /** Ascending. A batch that reaches one of them is not kept waiting. */
  readonly preferredBatchSizes: readonly number[];
  /** How long a batch that could still grow may wait for it, from its oldest request; 0 not at all. */
  readonly maxQueueDelayMs: number;
  /** How long a batch of this size is expected to run; `undefined` when there is no telling. */
  estimateRunMs(batchSize: number, nowMs: number): number | undefined;
}

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

/** The batch a group would make now. */
interface Draft<R> {
  readonly requests: R[];
  batchSize: number;
  /** Requests and items up to the last preferred size that was hit exactly; 0 for none. */
  preferredRequestCount: number;
  preferredBatchSize: number;
  oldestArrivalMs: number;
  /** The tightest deadline and the tightest queue timeout inside. */
  deadlineMs: number;
  timeoutAtMs: number;
  /** Nothing can join any more: full, or the next request is too big for what is left. */
  isClosed: boolean;
  readonly missed: R[];
}

function planGroup<R extends QueuedRequest>(
  group: QueueGroup<R>,
  policy: BatchPolicy,
  nowMs: number,
): GroupPlan<R> {
  const draft = draftBatch(group, policy, nowMs);
  if (draft.missed.length > 0) {
    return { kind: 'expire', timedOut: [], missed: draft.missed, delayed: [] };
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

function draftBatch<R extends QueuedRequest>(
  group: QueueGroup<R>,
  policy: BatchPolicy,
  nowMs: number,
): Draft<R> {
  const draft: Draft<R> = {
    requests: [],
    batchSize: 0,
    preferredRequestCount: 0,
    preferredBatchSize: 0,
    oldestArrivalMs: Infinity,
    deadlineMs: Infinity,
    timeoutAtMs: Infinity,
    isClosed: false,
    missed: [],
  };
  for (const request of group.requests) {
    const batchSize = draft.batchSize + request.batchSize;
    if (request.deadlineMs !== Infinity) {
      const aloneMs = policy.estimateRunMs(request.batchSize, nowMs) ?? 0;
      if (nowMs + aloneMs > request.deadlineMs) {
        draft.missed.push(request);
        continue;
      }
    }
    if (batchSize > policy.maxBatchSize || !finishesInTime(draft, request, { policy, nowMs })) {
      draft.isClosed = true;
      // A smaller request further back may still fit, and the one passed over is the next head.
      if (request.batchSize === 1) break;
      continue;
    }
    join(draft, request, policy);
    if (batchSize === policy.maxBatchSize) {
      draft.isClosed = true;
      break;
    }
  }
  return draft;
}

/** Whether the batch, grown by this request, still answers every request in it by its deadline. */
function finishesInTime<R extends QueuedRequest>(
  draft: Draft<R>,
  request: R,
  { policy, nowMs }: { readonly policy: BatchPolicy; readonly nowMs: number },
): boolean {
  const deadlineMs = Math.min(draft.deadlineMs, request.deadlineMs);
  if (deadlineMs === Infinity || draft.batchSize === 0) return true;
  const runMs = policy.estimateRunMs(draft.batchSize + request.batchSize, nowMs) ?? 0;
  return nowMs + runMs <= deadlineMs;
}

function join<R extends QueuedRequest>(draft: Draft<R>, request: R, policy: BatchPolicy): void {
  draft.requests.push(request);
  draft.batchSize += request.batchSize;
  draft.oldestArrivalMs = Math.min(draft.oldestArrivalMs, request.arrivalMs);
  draft.deadlineMs = Math.min(draft.deadlineMs, request.deadlineMs);
  draft.timeoutAtMs = Math.min(draft.timeoutAtMs, request.timeoutAtMs);
  if (policy.preferredBatchSizes.includes(draft.batchSize)) {
    draft.preferredRequestCount = draft.requests.length;
    draft.preferredBatchSize = draft.batchSize;
  }
}
