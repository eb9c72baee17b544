import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { queueOf, queuedRequest } from '../testing/queued-request.ts';
import type { BatchPolicy } from './batch-policy.ts';
import { planBatch, planTimeouts } from './plan.ts';
import type { QueuedRequest } from './queue.ts';

function batchPolicy(given: Partial<BatchPolicy> = {}): BatchPolicy {
  const { maxBatchSize = 8 } = given;
  return {
    maxBatchSize,
    usefulBatchSize: () => maxBatchSize,
    preferredBatchSizes: [],
    maxQueueDelayMs: 0,
    estimateRunMs: () => undefined,
    ...given,
  };
}

/** The plan in short: the orders of the requests it names. */
function shortPlan(
  requests: readonly QueuedRequest[],
  policy: Partial<BatchPolicy>,
  nowMs: number,
): unknown {
  const plan = planBatch(queueOf(requests), batchPolicy(policy), nowMs);
  const orders = (named: readonly QueuedRequest[]): number[] => named.map(({ order }) => order);
  if (plan.kind === 'dispatch') return { dispatch: orders(plan.requests), size: plan.batchSize };
  if (plan.kind === 'wait') return { waitUntil: plan.untilMs };
  if (plan.kind === 'idle') return 'idle';
  return {
    timedOut: orders(plan.timedOut),
    missed: orders(plan.missed),
    delayed: orders(plan.delayed),
  };
}

function alike(count: number, given: Parameters<typeof queuedRequest>[1] = {}): QueuedRequest[] {
  return Array.from({ length: count }, (_, order) => queuedRequest(order, given));
}

describe('planBatch() without a window', () => {
  test('is idle on an empty queue', () => {
    assert.equal(shortPlan([], {}, 0), 'idle');
  });

  test('sends what is there, up to the largest batch', () => {
    assert.deepEqual(shortPlan(alike(3), {}, 0), { dispatch: [0, 1, 2], size: 3 });
    assert.deepEqual(shortPlan(alike(9), { maxBatchSize: 4 }, 0), {
      dispatch: [0, 1, 2, 3],
      size: 4,
    });
  });

  test('never splits a request, and fills what is left with smaller ones behind it', () => {
    const queue = [
      queuedRequest(0, { batchSize: 3 }),
      queuedRequest(1, { batchSize: 4 }),
      queuedRequest(2, { batchSize: 2 }),
      queuedRequest(3, { batchSize: 1 }),
    ];
    assert.deepEqual(shortPlan(queue, { maxBatchSize: 6 }, 0), { dispatch: [0, 2, 3], size: 6 });
    assert.deepEqual(shortPlan(queue.slice(1), { maxBatchSize: 4 }, 0), { dispatch: [1], size: 4 });
  });

  test('groups requests by shape, so that another shape in between does not cut the batch', () => {
    const queue = [0, 1, 2, 3].map((order) =>
      queuedRequest(order, { shapeKey: order % 2 === 0 ? 'even' : 'odd' }),
    );
    assert.deepEqual(shortPlan(queue, {}, 0), { dispatch: [0, 2], size: 2 });
  });

  test('takes the group of the foremost request, whichever came into the queue first', () => {
    const queue = [
      queuedRequest(0, { shapeKey: 'a', level: 2 }),
      queuedRequest(1, { shapeKey: 'b', level: 1 }),
      queuedRequest(2, { shapeKey: 'c', level: 2 }),
    ];
    assert.deepEqual(shortPlan(queue, {}, 0), { dispatch: [1], size: 1 });
  });

  test('sends the largest preferred size that is reached', () => {
    const preferredBatchSizes = [2, 4];
    assert.deepEqual(shortPlan(alike(7), { preferredBatchSizes }, 0), {
      dispatch: [0, 1, 2, 3],
      size: 4,
    });
    assert.deepEqual(shortPlan(alike(1), { preferredBatchSizes }, 0), {
      dispatch: [0],
      size: 1,
    });
  });
});

describe('planBatch() with a window', () => {
  const maxQueueDelayMs = 10;

  test('waits for a fuller batch until the oldest request is as old as it may be', () => {
    const queue = [queuedRequest(0, { arrivalMs: 3 }), queuedRequest(1, { arrivalMs: 5 })];
    assert.deepEqual(shortPlan(queue, { maxQueueDelayMs }, 6), { waitUntil: 13 });
    assert.deepEqual(shortPlan(queue, { maxQueueDelayMs }, 13), { dispatch: [0, 1], size: 2 });
  });

  test('does not wait with a full batch', () => {
    const plan = shortPlan(alike(4), { maxQueueDelayMs, maxBatchSize: 4 }, 1);
    assert.deepEqual(plan, { dispatch: [0, 1, 2, 3], size: 4 });
  });

  test('does not wait when the next request does not fit any more', () => {
    const queue = [queuedRequest(0, { batchSize: 3 }), queuedRequest(1, { batchSize: 2 })];
    const plan = shortPlan(queue, { maxQueueDelayMs, maxBatchSize: 4 }, 1);
    assert.deepEqual(plan, { dispatch: [0], size: 3 });
  });

  test('sends a preferred size at once, and no more than that', () => {
    const policy = { maxQueueDelayMs, preferredBatchSizes: [2, 4] };
    assert.deepEqual(shortPlan(alike(1), policy, 1), { waitUntil: 10 });
    assert.deepEqual(shortPlan(alike(3), policy, 1), { dispatch: [0, 1], size: 2 });
  });

  test('sends all it has when it is beyond the largest preferred size without having hit it', () => {
    const queue = alike(2, { batchSize: 3 });
    const plan = shortPlan(queue, { maxQueueDelayMs, preferredBatchSizes: [4] }, 1);
    assert.deepEqual(plan, { dispatch: [0, 1], size: 6 });
  });

  test('sends all it has when the window is over, preferred or not', () => {
    const plan = shortPlan(alike(3), { maxQueueDelayMs, preferredBatchSizes: [2] }, 10);
    assert.deepEqual(plan, { dispatch: [0, 1, 2], size: 3 });
  });

  test('lets a group that is ready run while the foremost one waits', () => {
    const queue = [
      queuedRequest(0, { shapeKey: 'waiting' }),
      queuedRequest(1, { shapeKey: 'full' }),
      queuedRequest(2, { shapeKey: 'full' }),
    ];
    const plan = shortPlan(queue, { maxQueueDelayMs, maxBatchSize: 2 }, 1);
    assert.deepEqual(plan, { dispatch: [1, 2], size: 2 });
  });

  test('does not wait at the cost of a deadline, given how long the batch would run', () => {
    const policy = { maxQueueDelayMs, estimateRunMs: () => 20 };
    assert.deepEqual(shortPlan(alike(1, { deadlineMs: 31 }), policy, 0), { waitUntil: 10 });
    assert.deepEqual(shortPlan(alike(1, { deadlineMs: 30 }), policy, 0), {
      dispatch: [0],
      size: 1,
    });
  });

  test('does not wait at the cost of a queue timeout', () => {
    assert.deepEqual(shortPlan(alike(1, { timeoutAtMs: 10 }), { maxQueueDelayMs }, 0), {
      dispatch: [0],
      size: 1,
    });
  });

  test('wakes for whatever comes first, a timeout elsewhere included', () => {
    const queue = [
      queuedRequest(0, { shapeKey: 'a', arrivalMs: 0 }),
      queuedRequest(1, { shapeKey: 'b', arrivalMs: 4, timeoutAtMs: 15 }),
    ];
    assert.deepEqual(shortPlan(queue, { maxQueueDelayMs: 8 }, 5), { waitUntil: 8 });
  });
});

describe('planBatch() with limits', () => {
  test('names what has timed out before it sends anything', () => {
    const queue = [
      queuedRequest(0, { timeoutAtMs: 5 }),
      queuedRequest(1, { timeoutAtMs: 5, timeoutAction: 'delay' }),
      queuedRequest(2, { deadlineMs: 5 }),
      queuedRequest(3, { timeoutAtMs: 6 }),
    ];
    assert.deepEqual(shortPlan(queue, {}, 4.999), { dispatch: [0, 1, 2, 3], size: 4 });
    assert.deepEqual(shortPlan(queue, {}, 5), { timedOut: [0], missed: [2], delayed: [1] });
  });

  test('gives up a request that could not be answered in time even alone', () => {
    const estimateRunMs = (batchSize: number): number => 10 * batchSize;
    const queue = [queuedRequest(0, { deadlineMs: 12 }), queuedRequest(1)];
    assert.deepEqual(shortPlan(queue, { estimateRunMs }, 3), {
      timedOut: [],
      missed: [0],
      delayed: [],
    });
  });

  test('keeps the batch small enough for its tightest deadline', () => {
    const estimateRunMs = (batchSize: number): number => 10 * batchSize;
    const queue = [queuedRequest(0, { deadlineMs: 25 }), ...alike(3).slice(1)];
    assert.deepEqual(shortPlan(queue, { estimateRunMs }, 0), { dispatch: [0, 1], size: 2 });
  });
});

describe('planBatch() under load', () => {
  const estimateRunMs = (batchSize: number): number => 10 + batchSize;
  const within = (...deadlinesMs: number[]): QueuedRequest[] =>
    deadlinesMs.map((deadlineMs, order) => queuedRequest(order, { deadlineMs }));

  test('runs the tight request in a small batch when the others can wait for it', () => {
    const plan = shortPlan(within(11, 40, 40), { estimateRunMs }, 0);
    assert.deepEqual(plan, { dispatch: [0], size: 1 });
  });

  test('gives the tight request up when it would make the others late', () => {
    const missed = { timedOut: [], missed: [0], delayed: [] };
    assert.deepEqual(shortPlan(within(11, 20, 20), { estimateRunMs }, 0), missed);
  });

  test('gives up no more than it must', () => {
    const missed = { timedOut: [], missed: [0, 1], delayed: [] };
    assert.deepEqual(shortPlan(within(12, 12, 12, 12), { estimateRunMs }, 0), missed);
    assert.deepEqual(shortPlan(within(12, 12), { estimateRunMs }, 0), {
      dispatch: [0, 1],
      size: 2,
    });
  });

  test('gives up no request for the sake of those without a deadline', () => {
    const queue = [
      ...within(11, 12).map((request) => ({ ...request, urgencyMs: 500 })),
      queuedRequest(7),
      queuedRequest(8),
    ];
    assert.deepEqual(shortPlan(queue, { estimateRunMs }, 0), {
      timedOut: [],
      missed: [0],
      delayed: [],
    });
    assert.deepEqual(shortPlan(queue.slice(1), { estimateRunMs }, 0), {
      dispatch: [1, 7],
      size: 2,
    });
  });
});

test('planTimeouts() tells the next moment at which a request runs out of time', () => {
  const queue = queueOf([
    queuedRequest(0),
    queuedRequest(1, { timeoutAtMs: 7 }),
    queuedRequest(2, { deadlineMs: 6 }),
  ]);
  assert.deepEqual(planTimeouts(queue, 1), { kind: 'wait', untilMs: 6 });
  assert.deepEqual(planTimeouts(queueOf([queuedRequest(0)]), 1), { kind: 'idle' });
});

test('planBatch() grows a batch no further than it pays, and never holds a larger request back', () => {
  const requests = [1, 1, 1, 1].map((batchSize, order) => queuedRequest(order, { batchSize }));
  const policy = { usefulBatchSize: () => 2 };
  assert.deepEqual(shortPlan(requests, policy, 0), { dispatch: [0, 1], size: 2 });
  const large = [queuedRequest(0, { batchSize: 5 }), queuedRequest(1)];
  assert.deepEqual(shortPlan(large, policy, 0), { dispatch: [0], size: 5 });
});
