import type { BatchPolicy } from './batch-policy.ts';
import type { QueueGroup, QueuedRequest } from './queue.ts';

/** The batch a group would make now. */
export interface Draft<R> {
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
  /** Requests met on the way that could not be answered in time even alone. */
  readonly missed: R[];
}

export interface DraftOptions {
  readonly policy: BatchPolicy;
  readonly nowMs: number;
  /** Whether a request stays out that would make the batch too slow for a deadline inside. */
  readonly keepsDeadlines: boolean;
}

/** Fills a batch from the front of a group; a request that does not fit is passed over. */
export function draftBatch<R extends QueuedRequest>(
  group: QueueGroup<R>,
  options: DraftOptions,
): Draft<R> {
  const { policy, nowMs } = options;
  const draft = emptyDraft<R>();
  const usefulSize = policy.usefulBatchSize(nowMs);
  for (const request of group.requests) {
    const { deadlineMs } = request;
    if (deadlineMs !== Infinity && endMs(request.batchSize, policy, nowMs) > deadlineMs) {
      draft.missed.push(request);
      continue;
    }
    if (!fits(draft, request, { ...options, usefulSize })) {
      draft.isClosed = true;
      // A smaller request further back may still fit, and the one passed over is the next head.
      if (request.batchSize === 1) break;
      continue;
    }
    join(draft, request, policy);
    if (draft.batchSize >= usefulSize) {
      draft.isClosed = true;
      break;
    }
  }
  return draft;
}

/** When a batch of this size would be done if it started now. */
export function endMs(batchSize: number, policy: BatchPolicy, nowMs: number): number {
  return nowMs + (policy.estimateRunMs(batchSize, nowMs) ?? 0);
}

function emptyDraft<R>(): Draft<R> {
  return {
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
}

function fits<R extends QueuedRequest>(
  draft: Draft<R>,
  request: R,
  { policy, nowMs, keepsDeadlines, usefulSize }: DraftOptions & { readonly usefulSize: number },
): boolean {
  const batchSize = draft.batchSize + request.batchSize;
  if (batchSize > policy.maxBatchSize) return false;
  if (draft.batchSize > 0 && batchSize > usefulSize) return false;
  const deadlineMs = Math.min(draft.deadlineMs, request.deadlineMs);
  if (!keepsDeadlines || deadlineMs === Infinity) return true;
  return endMs(batchSize, policy, nowMs) <= deadlineMs;
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
