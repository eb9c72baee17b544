import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableCores, limitCores } from './available-cores.ts';

function cores(affinityCores: number, files: Readonly<Record<string, string>>): number {
  return limitCores(affinityCores, (file) => files[file]);
}

test('limitCores() keeps to the affinity where there are no control groups', () => {
  assert.equal(cores(6, {}), 6);
});

test('limitCores() keeps to the quota of the process in version 2', () => {
  assert.equal(
    cores(8, { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '250000 100000\n' }),
    2,
  );
});

test('limitCores() finds the tightest quota among the groups around the process', () => {
  const files = {
    '/proc/self/cgroup': '0::/pod/container\n',
    '/sys/fs/cgroup/pod/container/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/pod/cpu.max': '400000 100000\n',
    '/sys/fs/cgroup/cpu.max': '600000 100000\n',
  };
  assert.equal(cores(8, files), 4);
});

test('limitCores() reads version 1, where a container sees its own group as the root', () => {
  const files = {
    '/proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '50000\n',
  };
  assert.equal(cores(8, files), 3);
});

test('limitCores() takes -1 and max for no quota, and never answers less than one', () => {
  const unlimited = {
    '/proc/self/cgroup': '4:cpu:/\n0::/\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/cpu.max': 'max 100000\n',
  };
  assert.equal(cores(4, unlimited), 4);
  const tight = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '20000 100000\n' };
  assert.equal(cores(4, tight), 1);
});

test('availableCores() answers at least one', () => {
  assert.ok(availableCores() >= 1);
});
