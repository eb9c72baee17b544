import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableCores } from './available-cores.ts';

function files(texts: Readonly<Record<string, string>>): (path: string) => string | undefined {
  return (path) => texts[path];
}

test('availableCores() is what the affinity allows when there is no quota', () => {
  assert.equal(availableCores(files({}), 6), 6);
  assert.equal(
    availableCores(
      files({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' }),
      6,
    ),
    6,
  );
});

test('availableCores() keeps to the tightest quota of the cgroups above', () => {
  const texts = {
    '/proc/self/cgroup': '0::/pod/container\n',
    '/sys/fs/cgroup/pod/container/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/pod/cpu.max': '350000 100000\n',
  };
  assert.equal(availableCores(files(texts), 8), 3);
});

test('availableCores() reads the quota of cgroup v1', () => {
  const texts = {
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  };
  assert.equal(availableCores(files(texts), 8), 2);
  assert.equal(
    availableCores(files({ ...texts, '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n' }), 8),
    8,
  );
});

test('availableCores() is never less than one', () => {
  const texts = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '20000 100000\n' };
  assert.equal(availableCores(files(texts), 8), 1);
});
