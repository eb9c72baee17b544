import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { queueOf, queuedRequest } from '../testing/queued-request.ts';
import { type AdmissionState, planAdmission, predictRun } from './admission.ts';
import type { QueuedRequest } from './queue.ts';

function admissionState(
  waiting: readonly QueuedRequest[],
  given: Partial<AdmissionState<QueuedRequest>> = {},
): AdmissionState<QueuedRequest> {
  return {
    queue: queueOf(waiting),
    instanceFreeMs: [0],
    maxBatchSize: 4,
    maxQueueSize: 0,
    arrivalsPerMs: 0,
    estimateMs: (batchSize) => 10 + batchSize,
    ...given,
  };
}

function alike(count: number, given: Parameters<typeof queuedRequest>[1] = {}): QueuedRequest[] {
  return Array.from({ length: count }, (_, order) => queuedRequest(order, given));
}

test('predictRun() starts at once on an idle instance', () => {
  const prediction = predictRun(queuedRequest(9), admissionState([]), 5);
  assert.deepEqual(prediction, { startMs: 5, finishMs: 16 });
});

test('predictRun() joins the batch that is forming, behind the one that runs', () => {
  const state = admissionState(alike(2), { instanceFreeMs: [8] });
  assert.deepEqual(predictRun(queuedRequest(9), state, 5), { startMs: 8, finishMs: 21 });
});

test('predictRun() waits for the full batches before it', () => {
  const prediction = predictRun(queuedRequest(9), admissionState(alike(9)), 0);
  assert.deepEqual(prediction, { startMs: 28, finishMs: 40 });
});

test('predictRun() does not join a batch it does not fit in', () => {
  const prediction = predictRun(queuedRequest(9, { batchSize: 2 }), admissionState(alike(3)), 0);
  assert.deepEqual(prediction, { startMs: 13, finishMs: 25 });
});

test('predictRun() counts the batches of other shapes that go first, and no others', () => {
  const state = admissionState([
    ...alike(1, { shapeKey: 'b' }),
    queuedRequest(1, { shapeKey: 'c', level: 2 }),
  ]);
  assert.deepEqual(predictRun(queuedRequest(9), state, 0), { startMs: 11, finishMs: 22 });
});

test('predictRun() spreads the batches over the instances', () => {
  const state = admissionState(alike(12), { instanceFreeMs: [6, 2] });
  assert.deepEqual(predictRun(queuedRequest(20), state, 0), { startMs: 20, finishMs: 31 });
});

test('predictRun() expects the batch to grow until it starts, up to the largest', () => {
  const busy = { instanceFreeMs: [10], arrivalsPerMs: 0.2 };
  const prediction = predictRun(queuedRequest(9), admissionState([], busy), 0);
  assert.deepEqual(prediction, { startMs: 10, finishMs: 23 });
  const flood = admissionState([], { ...busy, arrivalsPerMs: 100 });
  assert.deepEqual(predictRun(queuedRequest(9), flood, 0), { startMs: 10, finishMs: 24 });
});

test('predictRun() tells nothing without a measurement or an instance', () => {
  const unmeasured = admissionState([], { estimateMs: () => undefined });
  assert.equal(predictRun(queuedRequest(1), unmeasured, 0), undefined);
  assert.equal(
    predictRun(queuedRequest(1), admissionState([], { instanceFreeMs: [] }), 0),
    undefined,
  );
});

test('planAdmission() refuses a request over the queue size, and only at that level', () => {
  const state = admissionState(alike(2), { maxQueueSize: 2, instanceFreeMs: [50] });
  const refusal = planAdmission(queuedRequest(9), state, 0);
  assert.equal(refusal?.reason, 'queue_full');
  assert.equal(refusal.error.code, 'resource_exhausted');
  assert.match(refusal.error.message, /^Exceeds maximum queue size/);
  assert.equal(refusal.error.retryAfterMs, 50);
  assert.equal(planAdmission(queuedRequest(9, { level: 2 }), state, 0), undefined);
});

test('planAdmission() refuses a request that would miss its deadline', () => {
  const state = admissionState(alike(8, { deadlineMs: 20 }));
  assert.equal(planAdmission(queuedRequest(9, { deadlineMs: 39 }), state, 0), undefined);
  const refusal = planAdmission(queuedRequest(9, { deadlineMs: 38 }), state, 0);
  assert.equal(refusal?.reason, 'would_miss_deadline');
  assert.equal(refusal.error.code, 'unavailable');
  assert.equal(refusal.error.retryAfterMs, 28);
});

test('planAdmission() refuses a request that would time out in the queue', () => {
  const state = admissionState(alike(8, { deadlineMs: 20 }));
  assert.equal(planAdmission(queuedRequest(9, { timeoutAtMs: 28 }), state, 0), undefined);
  const refusal = planAdmission(queuedRequest(9, { timeoutAtMs: 27 }), state, 0);
  assert.equal(refusal?.reason, 'timeout');
  assert.equal(refusal.error.code, 'unavailable');
  const delayed = queuedRequest(9, { timeoutAtMs: 27, timeoutAction: 'delay' });
  assert.equal(planAdmission(delayed, state, 0), undefined);
});

test('planAdmission() takes a request that starts at once, whatever its run would take', () => {
  const state = admissionState([]);
  assert.equal(planAdmission(queuedRequest(9, { deadlineMs: 2 }), state, 0), undefined);
});

test('planAdmission() takes what it cannot judge, but never what is late already', () => {
  const unmeasured = admissionState(alike(50), { estimateMs: () => undefined });
  assert.equal(planAdmission(queuedRequest(99, { deadlineMs: 2 }), unmeasured, 0), undefined);
  const refusal = planAdmission(queuedRequest(99, { deadlineMs: 2 }), unmeasured, 2);
  assert.equal(refusal?.reason, 'would_miss_deadline');
});

test('predictRun() never starts a request earlier because more are waiting', () => {
  const anyWaiting = fc.array(
    fc.record({
      shapeKey: fc.constantFrom('a', 'b'),
      batchSize: fc.constant(1),
      level: fc.integer({ min: 1, max: 2 }),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(anyWaiting, anyWaiting, (some, others) => {
      const waiting = [...some, ...others].map((given, order) => queuedRequest(order, given));
      const fewer = predictRun(queuedRequest(99), admissionState(waiting.slice(0, some.length)), 0);
      const more = predictRun(queuedRequest(99), admissionState(waiting), 0);
      assert.ok(fewer !== undefined && more !== undefined);
      assert.ok(more.startMs >= fewer.startMs - 1e-9);
    }),
  );
});
