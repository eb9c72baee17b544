import { type QueuedRequest, type QueueView, countBefore } from './queue.ts';
import { type Refusal, refuse } from './refusal.ts';

/** What there is to do before a new request can start. */
export interface AdmissionState<R extends QueuedRequest> {
  readonly queue: QueueView<R>;
  /** When each instance is expected to be free; now or earlier for an idle one. */
  readonly instanceFreeMs: readonly number[];
  readonly maxBatchSize: number;
  /** Requests that may wait at the level of the new one; 0 for any number. */
  readonly maxQueueSize: number;
  /** How long a batch of this size is expected to run; `undefined` when there is no telling. */
  estimateMs(batchSize: number): number | undefined;
}

/** When a request is expected to start and to be answered, on the clock. */
export interface Prediction {
  readonly startMs: number;
  readonly finishMs: number;
}

/**
 * Predicts when a request that joined the queue now would run: the batches before it go to the
 * instances as they become free, each taking as long as a full batch was measured to take.
 * `undefined` when nothing was measured yet or there is no instance.
 */
export function predictRun<R extends QueuedRequest>(
  request: QueuedRequest,
  state: AdmissionState<R>,
  nowMs: number,
): Prediction | undefined {
  const { maxBatchSize, instanceFreeMs } = state;
  let batchesBefore = 0;
  let ownBatchSize = request.batchSize;
  for (const group of state.queue.groups.values()) {
    const requestsBefore = countBefore(group.requests, request);
    const itemsBefore = (group.itemCount * requestsBefore) / group.requests.length;
    if (group.shapeKey === request.shapeKey) {
      const fullBatches = Math.floor(itemsBefore / maxBatchSize);
      batchesBefore += fullBatches;
      ownBatchSize += Math.round(itemsBefore - fullBatches * maxBatchSize);
    } else {
      batchesBefore += Math.ceil(itemsBefore / maxBatchSize);
    }
  }
  const ownMs = state.estimateMs(Math.min(ownBatchSize, maxBatchSize));
  const fullMs = state.estimateMs(maxBatchSize);
  if (ownMs === undefined || fullMs === undefined) return undefined;
  const freeMs = instanceFreeMs.toSorted((a, b) => a - b);
  const firstFreeMs = freeMs[batchesBefore % freeMs.length];
  if (firstFreeMs === undefined) return undefined;
  const rounds = Math.floor(batchesBefore / freeMs.length);
  const startMs = Math.max(nowMs, firstFreeMs) + rounds * fullMs;
  return { startMs, finishMs: startMs + ownMs };
}

/**
 * Decides whether a request is taken; `undefined` when it is. Refused are a request that finds its
 * level's queue full, and one that is predicted to wait past its queue timeout or to miss its
 * deadline. A request that would start at once is always taken: it is how run times are learned.
 */
export function planAdmission<R extends QueuedRequest>(
  request: QueuedRequest,
  state: AdmissionState<R>,
  nowMs: number,
): Refusal | undefined {
  const isFull = state.maxQueueSize > 0 && state.queue.countAt(request.level) >= state.maxQueueSize;
  const timesOut = request.timeoutAction === 'reject' && request.timeoutAtMs !== Infinity;
  if (!isFull && !timesOut && request.deadlineMs === Infinity) return undefined;
  const prediction = predictRun(request, state, nowMs);
  const waitMs = prediction === undefined ? undefined : prediction.startMs - nowMs;
  if (isFull) return refuse.queueFull(state.maxQueueSize, waitMs);
  if (request.deadlineMs <= nowMs) return refuse.deadlinePassed();
  if (prediction === undefined || waitMs === undefined || waitMs <= 0) return undefined;
  if (timesOut && prediction.startMs > request.timeoutAtMs) return refuse.wouldTimeOut(waitMs);
  if (prediction.finishMs > request.deadlineMs) {
    return refuse.wouldMissDeadline(prediction.finishMs - nowMs, waitMs);
  }
  return undefined;
}
