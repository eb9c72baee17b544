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
  /** Items that come per millisecond, refused ones included. */
  readonly arrivalsPerMs: number;
  /** How long a batch of this size is expected to run; `undefined` when there is no telling. */
  readonly estimateMs: (batchSize: number) => number | undefined;
}

/** When a request is expected to start and to be answered, on the clock. */
export interface Prediction {
  readonly startMs: number;
  readonly finishMs: number;
}

/** The batches that run before a request's own, and the size of its own as far as it is known. */
interface WorkBefore {
  batchCount: number;
  runMs: number;
  ownBatchSize: number;
}

/**
 * Predicts when a request that joined the queue now would run: the batches before it go to the
 * instances as they become free, each taking as long as batches of its size were measured to take.
 * Its own batch grows, and so becomes slower, by what comes until it starts. `undefined` when nothing was measured yet or there is no instance.
 */
export function predictRun<R extends QueuedRequest>(
  request: QueuedRequest,
  state: AdmissionState<R>,
  nowMs: number,
): Prediction | undefined {
  const { batchCount, runMs, ownBatchSize } = workBefore(request, state);
  const freeMs = state.instanceFreeMs.toSorted((a, b) => a - b);
  const firstFreeMs = freeMs[batchCount % freeMs.length];
  if (firstFreeMs === undefined) return undefined;
  const rounds = Math.floor(batchCount / freeMs.length);
  const meanMs = batchCount > 0 ? runMs / batchCount : 0;
  const startMs = Math.max(nowMs, firstFreeMs) + rounds * meanMs;
  const joiningCount = Math.floor(state.arrivalsPerMs * (startMs - nowMs));
  const ownMs = state.estimateMs(Math.min(ownBatchSize + joiningCount, state.maxBatchSize));
  return ownMs === undefined ? undefined : { startMs, finishMs: startMs + ownMs };
}

function workBefore<R extends QueuedRequest>(
  request: QueuedRequest,
  { queue, maxBatchSize, estimateMs }: AdmissionState<R>,
): WorkBefore {
  const fullMs = estimateMs(maxBatchSize) ?? 0;
  const work = { batchCount: 0, runMs: 0, ownBatchSize: request.batchSize };
  for (const group of queue.groups.values()) {
    if (group.requests.length === 0) continue;
    const requestsBefore = countBefore(group.requests, request);
    const itemsBefore = Math.round((group.itemCount * requestsBefore) / group.requests.length);
    const fullCount = Math.floor(itemsBefore / maxBatchSize);
    const restSize = itemsBefore - fullCount * maxBatchSize;
    work.batchCount += fullCount;
    work.runMs += fullCount * fullMs;
    const isOwn = group.shapeKey === request.shapeKey;
    if (isOwn && restSize + request.batchSize <= maxBatchSize) {
      work.ownBatchSize += restSize;
    } else if (restSize > 0) {
      work.batchCount += 1;
      work.runMs += estimateMs(restSize) ?? 0;
    }
  }
  return work;
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
