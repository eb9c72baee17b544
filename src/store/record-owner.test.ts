import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Processes, isOwnerGone } from './record-owner.ts';

const own = { host: 'a', boot: 'b1', pidSpace: 's1', pid: 7, started: '100' };
const processes: Processes = { own, startOf: (pid) => (pid === 7 ? '100' : undefined) };
const dayMs = 86_400_000;

test('isOwnerGone() looks at processes of this system by number and start', () => {
  assert.equal(isOwnerGone(own, processes, 9 * dayMs), false);
  assert.equal(isOwnerGone({ ...own, started: '99' }, processes, 0), true);
  assert.equal(isOwnerGone({ ...own, pid: 8 }, processes, 0), true);
});

test('isOwnerGone() knows that nothing outlives a restart of the system', () => {
  assert.equal(isOwnerGone({ ...own, boot: 'b0' }, processes, 0), true);
});

test('isOwnerGone() believes in processes it cannot see for a day', () => {
  for (const change of [{ host: 'c', boot: 'b9' }, { pidSpace: 's2' }]) {
    assert.equal(isOwnerGone({ ...own, ...change }, processes, dayMs), false);
    assert.equal(isOwnerGone({ ...own, ...change }, processes, dayMs + 1), true);
  }
});
