import type { DynamicBatching, QueuePolicy } from '../config/model-config.ts';
import { type QueuedRequest, RequestQueue, urgencyMs } from '../scheduler/queue.ts';

/** A waiting request of one item that has no limits, unless told otherwise. */
export function queuedRequest(
  order: number,
  given: Partial<Omit<QueuedRequest, 'order' | 'urgencyMs'>> = {},
): QueuedRequest {
  const arrivalMs = given.arrivalMs ?? 0;
  const timeoutAtMs = given.timeoutAtMs ?? Infinity;
  const deadlineMs = given.deadlineMs ?? Infinity;
  return {
    level: 1,
    shapeKey: 'a',
    batchSize: 1,
    timeoutAction: 'reject',
    delayed: false,
    ...given,
    order,
    arrivalMs,
    timeoutAtMs,
    deadlineMs,
    urgencyMs: urgencyMs(arrivalMs, Math.min(timeoutAtMs, deadlineMs)),
  };
}

/** A queue that holds the requests. */
export function queueOf<R extends QueuedRequest>(requests: readonly R[]): RequestQueue<R> {
  const queue = new RequestQueue<R>();
  for (const request of requests) queue.add(request);
  return queue;
}

/** A queue policy without limits, unless told otherwise. */
export function queuePolicy(given: Partial<QueuePolicy> = {}): QueuePolicy {
  return {
    timeoutAction: 'reject',
    defaultTimeoutMicroseconds: 0,
    allowTimeoutOverride: false,
    maxQueueSize: 0,
    ...given,
  };
}

/** A scheduling config without windows, levels or limits, unless told otherwise. */
export function dynamicBatching(given: Partial<DynamicBatching> = {}): DynamicBatching {
  return {
    preferredBatchSizes: [],
    maxQueueDelayMicroseconds: 0,
    preserveOrdering: false,
    priorityLevels: 0,
    defaultPriorityLevel: 0,
    defaultQueuePolicy: queuePolicy(),
    priorityQueuePolicies: new Map(),
    ...given,
  };
}
