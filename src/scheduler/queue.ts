/** One waiting request, as the planner sees it. Moments are on the clock; `Infinity` is never. */
export interface QueuedRequest {
  /** Place in the order of submission. */
  readonly order: number;
  /** Priority level; 1 is the highest. */
  readonly level: number;
  /** Requests of one key may share a batch; see `shapeKey`. */
  readonly shapeKey: string;
  /** Items it adds to a batch, at least 1. */
  readonly batchSize: number;
  readonly arrivalMs: number;
  /** When the answer must be there. */
  readonly deadlineMs: number;
  /** What happens at `timeoutAtMs`. */
  readonly timeoutAction: 'reject' | 'delay';
  /** Sorts the requests of one level; see `urgencyMs`. */
  readonly urgencyMs: number;
  /** When it has waited too long; `Infinity` once it was delayed for that. */
  timeoutAtMs: number;
  /** Waits behind all others of its level. */
  delayed: boolean;
}

/** The waiting requests of one shape key, in the order they should run. It may be empty. */
export interface QueueGroup<R extends QueuedRequest> {
  readonly shapeKey: string;
  readonly requests: readonly R[];
  /** Sum of the batch sizes. */
  readonly itemCount: number;
}

/** What planning and admission read of a queue. */
export interface QueueView<R extends QueuedRequest> {
  readonly requestCount: number;
  readonly groups: ReadonlyMap<string, QueueGroup<R>>;
  /** The first moment at which a waiting request times out or misses its deadline. */
  earliestLimitMs(): number;
  /** Requests waiting at one priority level. */
  countAt(level: number): number;
}

/** A request without a nearer limit is as urgent as if it were due this long after it came. */
const ageingBoundMs = 1000;

/**
 * How urgent a request is: the moment its limit falls due, but no later than one second after it
 * came. Nearer limits go first, and no request is overtaken by one that came a second after it.
 */
export function urgencyMs(arrivalMs: number, limitMs: number): number {
  return Math.min(limitMs, arrivalMs + ageingBoundMs);
}

/** Whether `a` should run before `b`; a total order. */
export function comesBefore(a: QueuedRequest, b: QueuedRequest): boolean {
  if (a.level !== b.level) return a.level < b.level;
  if (a.delayed !== b.delayed) return b.delayed;
  if (a.urgencyMs !== b.urgencyMs) return a.urgencyMs < b.urgencyMs;
  return a.order < b.order;
}

/** How many of the sorted requests should run before `request`; its index when it is one of them. */
export function countBefore(requests: readonly QueuedRequest[], request: QueuedRequest): number {
  let low = 0;
  let high = requests.length;
  const last = requests.at(-1);
  // Most requests come in the order they should run.
  if (last !== undefined && comesBefore(last, request)) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = requests[middle];
    if (candidate !== undefined && comesBefore(candidate, request)) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface MutableGroup<R extends QueuedRequest> extends QueueGroup<R> {
  readonly requests: R[];
  itemCount: number;
}

/**
 * Empty groups kept for the next requests of their shapes. Making a group and dropping it for every
 * batch would keep requests alive long after their answers (docs/decisions/0011-rosters.md).
 */
const maxEmptyGroups = 16;

/** The waiting requests of one model, sorted within each group of equal shape. */
export class RequestQueue<R extends QueuedRequest> implements QueueView<R> {
  readonly #groups = new Map<string, MutableGroup<R>>();
  readonly #countByLevel: number[] = [];
  #requestCount = 0;
  #emptyGroupCount = 0;
  #earliestLimitMs = Infinity;
  /** Whether the request with the earliest limit may have left. */
  #limitIsOutdated = false;

  get requestCount(): number {
    return this.#requestCount;
  }

  get groups(): ReadonlyMap<string, QueueGroup<R>> {
    return this.#groups;
  }

  countAt(level: number): number {
    return this.#countByLevel[level] ?? 0;
  }

  earliestLimitMs(): number {
    if (this.#limitIsOutdated) {
      this.#limitIsOutdated = false;
      this.#earliestLimitMs = Infinity;
      for (const group of this.#groups.values()) {
        for (const request of group.requests) this.#noteLimit(request);
      }
    }
    return this.#earliestLimitMs;
  }

  add(request: R): void {
    const group = this.#groups.get(request.shapeKey);
    if (group === undefined) {
      const { shapeKey, batchSize } = request;
      this.#groups.set(shapeKey, { shapeKey, requests: [request], itemCount: batchSize });
    } else {
      if (group.requests.length === 0) this.#emptyGroupCount -= 1;
      group.requests.splice(countBefore(group.requests, request), 0, request);
      group.itemCount += request.batchSize;
    }
    this.#requestCount += 1;
    this.#countByLevel[request.level] = this.countAt(request.level) + 1;
    this.#noteLimit(request);
  }

  /** Takes out one request. Returns whether it was there. */
  remove(request: R): boolean {
    const group = this.#groups.get(request.shapeKey);
    if (group === undefined) return false;
    const index = countBefore(group.requests, request);
    if (group.requests[index] !== request) return false;
    group.requests.splice(index, 1);
    this.#forget(group, request);
    if (group.requests.length === 0) this.#keepEmpty(group);
    return true;
  }

  /** Takes out requests of one group, given in the order of the queue. */
  take(requests: readonly R[]): void {
    const first = requests[0];
    const group = first && this.#groups.get(first.shapeKey);
    if (group === undefined) return;
    let count = 0;
    while (count < requests.length && group.requests[count] === requests[count]) count += 1;
    group.requests.splice(0, count);
    for (let index = 0; index < count; index += 1) {
      const request = requests[index];
      if (request !== undefined) this.#forget(group, request);
    }
    if (count > 0 && group.requests.length === 0) this.#keepEmpty(group);
    for (let index = count; index < requests.length; index += 1) {
      const request = requests[index];
      if (request !== undefined) this.remove(request);
    }
  }

  /** Puts a request behind all others of its level that are not delayed, free of its timeout. */
  delay(request: R): void {
    if (!this.remove(request)) return;
    request.delayed = true;
    request.timeoutAtMs = Infinity;
    this.add(request);
  }

  #keepEmpty(group: MutableGroup<R>): void {
    this.#emptyGroupCount += 1;
    if (this.#emptyGroupCount <= maxEmptyGroups) return;
    for (const other of this.#groups.values()) {
      if (other.requests.length === 0 && other !== group) this.#groups.delete(other.shapeKey);
    }
    this.#emptyGroupCount = 1;
  }

  #noteLimit(request: R): void {
    const limitMs = Math.min(request.timeoutAtMs, request.deadlineMs);
    if (limitMs < this.#earliestLimitMs) this.#earliestLimitMs = limitMs;
  }

  #forget(group: MutableGroup<R>, request: R): void {
    group.itemCount -= request.batchSize;
    this.#requestCount -= 1;
    this.#countByLevel[request.level] = this.countAt(request.level) - 1;
    const limitMs = Math.min(request.timeoutAtMs, request.deadlineMs);
    if (limitMs !== Infinity && limitMs <= this.#earliestLimitMs) this.#limitIsOutdated = true;
  }
}
