import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { queueOf, queuedRequest } from '../testing/queued-request.ts';
import { type QueuedRequest, RequestQueue, comesBefore, countBefore } from './queue.ts';

const anyRequest = fc.record({
  level: fc.integer({ min: 1, max: 3 }),
  shapeKey: fc.constantFrom('a', 'b'),
  batchSize: fc.integer({ min: 1, max: 4 }),
  arrivalMs: fc.integer({ min: 0, max: 3000 }),
  deadlineMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 5000 })),
  timeoutAtMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 5000 })),
});

function requestsOf(
  queue: RequestQueue<QueuedRequest>,
  shapeKey: string,
): readonly QueuedRequest[] {
  return queue.groups.get(shapeKey)?.requests ?? [];
}

test('RequestQueue keeps each group sorted and its sums exact, whatever is done to it', () => {
  const anyStep = fc.oneof(
    anyRequest.map((given) => ({ kind: 'add' as const, given })),
    fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('delay' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('take' as const), pick: fc.nat(), mask: fc.nat(255) }),
  );
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const queue = new RequestQueue<QueuedRequest>();
      let held: QueuedRequest[] = [];
      for (const [order, step] of steps.entries()) {
        if (step.kind === 'add') {
          const request = queuedRequest(order, step.given);
          queue.add(request);
          held.push(request);
        } else if (held.length > 0) {
          const chosen = held[step.pick % held.length]!;
          if (step.kind === 'remove') {
            assert.equal(queue.remove(chosen), true);
            assert.equal(queue.remove(chosen), false);
            held = held.filter((request) => request !== chosen);
          } else if (step.kind === 'delay') {
            queue.delay(chosen);
          } else {
            const { mask } = step;
            const taken = requestsOf(queue, chosen.shapeKey).filter(
              (_, index) => mask & (1 << index),
            );
            queue.take(taken);
            held = held.filter((request) => !taken.includes(request));
          }
        }
        checkAgainst(queue, held);
      }
    }),
  );
});

function checkAgainst(queue: RequestQueue<QueuedRequest>, held: readonly QueuedRequest[]): void {
  const sorted = held.toSorted((a, b) => (comesBefore(a, b) ? -1 : 1));
  for (const shapeKey of ['a', 'b']) {
    const expected = sorted.filter((request) => request.shapeKey === shapeKey);
    assert.deepEqual(requestsOf(queue, shapeKey), expected);
    const items = expected.reduce((sum, request) => sum + request.batchSize, 0);
    assert.equal(queue.groups.get(shapeKey)?.itemCount ?? 0, items);
  }
  assert.equal(queue.requestCount, held.length);
  for (const level of [1, 2, 3]) {
    assert.equal(queue.countAt(level), held.filter((request) => request.level === level).length);
  }
  const limits = held.map((request) => Math.min(request.timeoutAtMs, request.deadlineMs));
  assert.equal(queue.earliestLimitMs(), Math.min(Infinity, ...limits));
}

test('comesBefore() puts nearer limits first inside a level, and equals in order of arrival', () => {
  const plain = queuedRequest(1);
  const later = queuedRequest(2);
  const dueSoon = queuedRequest(3, { deadlineMs: 50 });
  const important = queuedRequest(4, { level: 1, arrivalMs: 9 });
  const unimportant = queuedRequest(0, { level: 2, deadlineMs: 1 });
  const delayed = queuedRequest(0, { delayed: true });
  const sorted = [delayed, unimportant, important, later, plain, dueSoon].toSorted((a, b) =>
    comesBefore(a, b) ? -1 : 1,
  );
  assert.deepEqual(sorted, [dueSoon, plain, later, important, delayed, unimportant]);
});

test('comesBefore() lets no request be overtaken by one that came a second after it', () => {
  const patient = queuedRequest(1, { arrivalMs: 0 });
  const hurried = queuedRequest(2, { arrivalMs: 1000, deadlineMs: 1001 });
  assert.equal(comesBefore(patient, hurried), true);
});

test('countBefore() finds a place for a request that is not in the list', () => {
  const queue = queueOf([queuedRequest(1), queuedRequest(3), queuedRequest(5)]);
  assert.equal(countBefore(requestsOf(queue, 'a'), queuedRequest(0)), 0);
  assert.equal(countBefore(requestsOf(queue, 'a'), queuedRequest(4)), 2);
  assert.equal(countBefore(requestsOf(queue, 'a'), queuedRequest(6)), 3);
});

test('RequestQueue keeps groups for the next requests of their shapes, and few empty ones', () => {
  const queue = new RequestQueue<QueuedRequest>();
  const batchOf = (shapeKey: string): QueuedRequest[] =>
    Array.from({ length: 8 }, (_, order) => queuedRequest(order, { shapeKey }));
  const pass = (shapeKey: string): unknown => {
    const batch = batchOf(shapeKey);
    for (const request of batch) queue.add(request);
    const group = queue.groups.get(shapeKey);
    queue.take(batch);
    return group;
  };
  const [a, b] = [pass('a'), pass('b')];
  for (let round = 0; round < 40; round += 1) {
    assert.equal(pass('a'), a);
    assert.equal(pass('b'), b);
  }
  for (let shape = 0; shape < 1000; shape += 1) {
    pass(`shape ${shape}`);
    assert.ok(queue.groups.size <= 17);
  }
});
