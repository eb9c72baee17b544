import { cpus, freemem, totalmem } from 'node:os';

/** What is read of `monitorEventLoopDelay`; values are nanoseconds. */
export interface EventLoopDelay {
  readonly count: number;
  readonly max: number;
  percentile(percentile: number): number;
  reset(): void;
}

/** The process and its host at one moment. */
export interface ProcessSample {
  /** CPU time of the process since its start. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Share of the host's cores in use since the last sample, 0 to 1. */
  readonly hostCpuUtilization: number;
  readonly hostMemoryTotalBytes: number;
  readonly hostMemoryUsedBytes: number;
  /** How late the event loop's turns came since the last sample. */
  readonly eventLoopLagSeconds: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
}

/**
 * Makes a sampler for one reader: each sample covers the time since the one before.
 * @param eventLoopDelay an enabled `monitorEventLoopDelay({ resolution })`.
 * @param resolutionMs the resolution it was made with, which its values include.
 */
export function createProcessSampler(
  eventLoopDelay: EventLoopDelay,
  resolutionMs: number,
): () => ProcessSample {
  let before = hostCpuTimes();

  function lagSeconds(delayNs: number): number {
    const lagMs = delayNs / 1e6 - resolutionMs;
    return Number.isFinite(lagMs) ? Math.max(0, lagMs) / 1000 : 0;
  }

  return () => {
    const times = hostCpuTimes();
    const totalMs = times.totalMs - before.totalMs;
    const busyMs = totalMs - (times.idleMs - before.idleMs);
    before = times;
    const { user, system } = process.cpuUsage();
    const hasLag = eventLoopDelay.count > 0;
    const eventLoopLagSeconds = {
      p50: hasLag ? lagSeconds(eventLoopDelay.percentile(50)) : 0,
      p99: hasLag ? lagSeconds(eventLoopDelay.percentile(99)) : 0,
      max: hasLag ? lagSeconds(eventLoopDelay.max) : 0,
    };
    eventLoopDelay.reset();
    return {
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      hostCpuUtilization: totalMs > 0 ? busyMs / totalMs : 0,
      hostMemoryTotalBytes: totalmem(),
      hostMemoryUsedBytes: totalmem() - freemem(),
      eventLoopLagSeconds,
    };
  };
}

function hostCpuTimes(): { readonly idleMs: number; readonly totalMs: number } {
  let idleMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    totalMs += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idleMs, totalMs };
}
