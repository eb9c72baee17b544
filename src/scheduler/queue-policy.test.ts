import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dynamicBatching, queuePolicy } from '../testing/queued-request.ts';
import { levelOf, policyAt, queueTimeoutMs } from './queue-policy.ts';

test('queueTimeoutMs() is the default timeout for a request without its own', () => {
  assert.equal(queueTimeoutMs(0, queuePolicy({ defaultTimeoutMicroseconds: 1500 })), 1.5);
  assert.equal(queueTimeoutMs(0, queuePolicy()), Infinity);
});

test("queueTimeoutMs() always counts a request's own timeout when it is the shorter", () => {
  const policy = queuePolicy({ defaultTimeoutMicroseconds: 5000 });
  assert.equal(queueTimeoutMs(3, policy), 3);
  assert.equal(queueTimeoutMs(3, queuePolicy()), 3);
});

test('queueTimeoutMs() takes a longer timeout only where the policy allows it', () => {
  const policy = queuePolicy({ defaultTimeoutMicroseconds: 5000 });
  assert.equal(queueTimeoutMs(9, policy), 5);
  assert.equal(queueTimeoutMs(9, { ...policy, allowTimeoutOverride: true }), 9);
});

test('levelOf() falls back to the default for a level the model does not have', () => {
  const scheduling = dynamicBatching({ priorityLevels: 3, defaultPriorityLevel: 2 });
  assert.deepEqual(
    [0, 1, 3, 4].map((priority) => levelOf(priority, scheduling)),
    [2, 1, 3, 2],
  );
  assert.equal(levelOf(2, dynamicBatching()), 1);
});

test('policyAt() prefers the policy of the level', () => {
  const strict = queuePolicy({ maxQueueSize: 1 });
  const scheduling = dynamicBatching({ priorityQueuePolicies: new Map([[2, strict]]) });
  assert.equal(policyAt(2, scheduling), strict);
  assert.equal(policyAt(1, scheduling), scheduling.defaultQueuePolicy);
});
