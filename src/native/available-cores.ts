import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Reads a small file; `undefined` when there is none. */
export type ReadText = (path: string) => string | undefined;

/**
 * Processor cores this process may really use: those its affinity mask allows, and no more than its
 * cgroup's CPU quota. At least 1; a quota of 1.5 cores counts as 1, as more threads would be
 * throttled.
 */
export function availableCores(
  readText: ReadText = readIfThere,
  affinityCount: number = availableParallelism(),
): number {
  return Math.max(1, Math.min(affinityCount, Math.floor(cpuQuotaCores(readText))));
}

/** Cores' worth of time that the cgroup's CPU quota allows; Infinity without one. */
export function cpuQuotaCores(readText: ReadText = readIfThere): number {
  return Math.min(quotaV2(readText), quotaV1(readText));
}

/** cgroup v2 `cpu.max`: `max 100000` or `150000 100000`, in every folder up to the root. */
function quotaV2(readText: ReadText): number {
  const group = /^0::(.*)$/m.exec(readText('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  let cores = Infinity;
  for (let path = group; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const text = readText(`/sys/fs/cgroup${path === '/' ? '' : path}/cpu.max`);
    const [quota = 'max', period = '100000'] = (text ?? '').trim().split(' ');
    if (/^\d+$/.test(quota)) cores = Math.min(cores, Number(quota) / Number(period));
    if (path === '' || path === '/') return cores;
  }
}

/** cgroup v1 `cpu.cfs_quota_us`, -1 for none. */
function quotaV1(readText: ReadText): number {
  const quota = Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? -1);
  const period = Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_period_us') ?? 100_000);
  return quota > 0 && period > 0 ? quota / period : Infinity;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
