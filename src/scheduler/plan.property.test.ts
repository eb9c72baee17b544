import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { queueOf, queuedRequest } from '../testing/queued-request.ts';
import type { BatchPolicy } from './batch-policy.ts';
import { planBatch } from './plan.ts';
import { type QueuedRequest, type RequestQueue, comesBefore } from './queue.ts';

const anyLimit = fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 200 }));

const anyRequests = fc
  .array(
    fc.record({
      level: fc.integer({ min: 1, max: 2 }),
      shapeKey: fc.constantFrom('a', 'b', 'c'),
      batchSize: fc.integer({ min: 1, max: 8 }),
      arrivalMs: fc.integer({ min: 0, max: 50 }),
      deadlineMs: anyLimit,
      timeoutAtMs: anyLimit,
      timeoutAction: fc.constantFrom('reject' as const, 'delay' as const),
    }),
    { maxLength: 25 },
  )
  .map((all) => all.map((given, order) => queuedRequest(order, given)));

const anyPolicy: fc.Arbitrary<BatchPolicy> = fc
  .record({
    maxBatchSize: fc.integer({ min: 8, max: 16 }),
    preferredBatchSizes: fc.uniqueArray(fc.integer({ min: 1, max: 16 }), { maxLength: 2 }),
    maxQueueDelayMs: fc.constantFrom(0, 5, 40),
    perItemMs: fc.constantFrom(undefined, 0, 1, 10),
    usefulBatchSize: fc.integer({ min: 1, max: 16 }),
  })
  .map(({ perItemMs, preferredBatchSizes, usefulBatchSize, ...rest }) => ({
    ...rest,
    usefulBatchSize: () => Math.min(usefulBatchSize, rest.maxBatchSize),
    preferredBatchSizes: preferredBatchSizes
      .filter((size) => size <= rest.maxBatchSize)
      .toSorted((a, b) => a - b),
    estimateRunMs: (batchSize) => (perItemMs === undefined ? undefined : perItemMs * batchSize),
  }));

const anyMoment = fc.integer({ min: 50, max: 250 });

function allOf(queue: RequestQueue<QueuedRequest>): QueuedRequest[] {
  return [...queue.groups.values()].flatMap((group) => group.requests);
}

test('planBatch() keeps to the batch size, the shape, the order and the limits', () => {
  fc.assert(
    fc.property(anyRequests, anyPolicy, anyMoment, (requests, policy, nowMs) => {
      const queue = queueOf(requests);
      const plan = planBatch(queue, policy, nowMs);
      if (plan.kind !== 'dispatch') return;
      assert.ok(plan.requests.length > 0);
      const size = plan.requests.reduce((sum, request) => sum + request.batchSize, 0);
      assert.equal(plan.batchSize, size);
      assert.ok(size <= policy.maxBatchSize);
      assert.ok(plan.requests.length === 1 || size <= policy.usefulBatchSize(nowMs));
      assert.equal(new Set(plan.requests.map(({ shapeKey }) => shapeKey)).size, 1);
      assert.equal(new Set(plan.requests).size, plan.requests.length);
      for (const [index, request] of plan.requests.entries()) {
        assert.ok(request.deadlineMs > nowMs && request.timeoutAtMs > nowMs);
        const next = plan.requests[index + 1];
        assert.ok(next === undefined || comesBefore(request, next));
      }
      const head = queue.groups.get(plan.requests[0]!.shapeKey)!.requests[0];
      assert.equal(plan.requests[0], head, 'the head of a group is never passed over');
    }),
  );
});

test('planBatch() answers every deadline in the batch, as far as its head allows', () => {
  fc.assert(
    fc.property(anyRequests, anyPolicy, anyMoment, (requests, policy, nowMs) => {
      const plan = planBatch(queueOf(requests), policy, nowMs);
      if (plan.kind !== 'dispatch') return;
      const runMs = policy.estimateRunMs(plan.batchSize, nowMs) ?? 0;
      for (const { deadlineMs } of plan.requests) assert.ok(nowMs + runMs <= deadlineMs);
    }),
  );
});

test('planBatch() leaves no instance idle beside waiting requests when there is no window', () => {
  fc.assert(
    fc.property(anyRequests, anyPolicy, anyMoment, (requests, policy, nowMs) => {
      const plan = planBatch(queueOf(requests), { ...policy, maxQueueDelayMs: 0 }, nowMs);
      if (requests.length === 0) assert.equal(plan.kind, 'idle');
      else assert.ok(plan.kind === 'dispatch' || plan.kind === 'expire');
    }),
  );
});

test('planBatch() without a window takes the foremost request of all', () => {
  fc.assert(
    fc.property(anyRequests, anyPolicy, anyMoment, (requests, policy, nowMs) => {
      const plan = planBatch(queueOf(requests), { ...policy, maxQueueDelayMs: 0 }, nowMs);
      if (plan.kind !== 'dispatch') return;
      for (const request of requests) {
        assert.ok(request === plan.requests[0] || comesBefore(plan.requests[0]!, request));
      }
    }),
  );
});

test('planBatch() waits only for a moment ahead, and never past the end of a window', () => {
  fc.assert(
    fc.property(anyRequests, anyPolicy, anyMoment, (requests, policy, nowMs) => {
      const plan = planBatch(queueOf(requests), policy, nowMs);
      if (plan.kind !== 'wait') return;
      assert.ok(plan.untilMs > nowMs);
      for (const request of requests) {
        assert.ok(plan.untilMs <= request.arrivalMs + policy.maxQueueDelayMs);
        assert.ok(plan.untilMs <= Math.min(request.timeoutAtMs, request.deadlineMs));
      }
    }),
  );
});

test('planBatch() is pure: asked twice it says the same and changes nothing', () => {
  fc.assert(
    fc.property(anyRequests, anyPolicy, anyMoment, (requests, policy, nowMs) => {
      const queue = queueOf(requests);
      const before = allOf(queue).map((request) => ({ ...request }));
      assert.deepEqual(planBatch(queue, policy, nowMs), planBatch(queue, policy, nowMs));
      assert.deepEqual(allOf(queue), before);
    }),
  );
});

test('planBatch() carried out to the end gives every request exactly one fate', () => {
  fc.assert(
    fc.property(anyRequests, anyPolicy, (requests, policy) => {
      const queue = queueOf(requests);
      const fates = new Map<QueuedRequest, string>();
      const settle = (request: QueuedRequest, fate: string): void => {
        assert.equal(fates.has(request), false, 'a request met two fates');
        fates.set(request, fate);
        queue.remove(request);
      };
      let nowMs = 50;
      for (let step = 0; queue.requestCount > 0; step += 1) {
        assert.ok(step < 200, 'the plan does not come to an end');
        const plan = planBatch(queue, policy, nowMs);
        if (plan.kind === 'dispatch') for (const request of plan.requests) settle(request, 'run');
        else if (plan.kind === 'wait') nowMs = plan.untilMs;
        else if (plan.kind === 'idle') assert.fail('idle with requests waiting');
        else {
          for (const request of plan.delayed) queue.delay(request);
          for (const request of [...plan.timedOut, ...plan.missed]) settle(request, 'given up');
        }
      }
      assert.equal(fates.size, requests.length);
    }),
  );
});

test('planBatch() starves nobody: what came a second before runs before what comes after', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { minLength: 5, maxLength: 40 }), (deadlinesAfterMs) => {
      const patient = queuedRequest(0, { arrivalMs: 0, batchSize: 8 });
      const queue = queueOf([patient]);
      const policy = {
        maxBatchSize: 8,
        usefulBatchSize: () => 8,
        preferredBatchSizes: [],
        maxQueueDelayMs: 0,
        estimateRunMs: () => undefined,
      };
      // Two urgent requests come for each batch that runs.
      for (const [index, afterMs] of deadlinesAfterMs.entries()) {
        const nowMs = index * 100;
        for (const order of [2 * index + 1, 2 * index + 2]) {
          queue.add(
            queuedRequest(order, {
              arrivalMs: nowMs,
              deadlineMs: nowMs + 1 + afterMs,
              batchSize: 5,
            }),
          );
        }
        let plan = planBatch(queue, policy, nowMs);
        while (plan.kind === 'expire') {
          for (const request of plan.missed) queue.remove(request);
          plan = planBatch(queue, policy, nowMs);
        }
        assert.ok(plan.kind === 'dispatch');
        queue.take(plan.requests);
        if (plan.requests.includes(patient)) return;
        assert.ok(nowMs <= 1000, 'the patient request was passed over for more than a second');
      }
    }),
  );
});
