import { readFileSync } from 'node:fs';
import { formatSize } from '../../config/quantity.ts';
import type { Clock } from '../../core/clock.ts';

/** A process whose memory is watched. */
export interface MemoryWatch {
  readonly pid: number | undefined;
  readonly memoryLimitBytes: number;
  readonly clock: Clock;
  readonly residentBytes: (pid: number) => number | undefined;
  /** Whether the script is running now: it is looked at more often then. */
  readonly isBusy: () => boolean;
  /** Told once, with what the process did. */
  readonly onExceeded: (text: string) => void;
}

const intervalMs = 50;

/** An idle script is looked at once in so many intervals. */
const idleIntervals = 20;

/** Looks at the memory of a process from time to time. Returns what ends that. */
export function watchMemory(watch: MemoryWatch): () => void {
  const { pid, clock, memoryLimitBytes } = watch;
  if (pid === undefined) return () => {};
  let skippedCount = 0;
  let cancel = (): void => {};
  const isExceeded = (): boolean => {
    skippedCount += 1;
    if (!watch.isBusy() && skippedCount < idleIntervals) return false;
    skippedCount = 0;
    const bytes = watch.residentBytes(pid) ?? 0;
    if (bytes <= memoryLimitBytes) return false;
    watch.onExceeded(
      `used ${formatMebibytes(bytes)} of memory, and its limit is ${formatSize(memoryLimitBytes)}`,
    );
    return true;
  };
  const look = (): void => {
    if (!isExceeded()) cancel = clock.schedule(intervalMs, look);
  };
  look();
  return () => cancel();
}

/**
 * Memory of a process that is in use or swapped out, in bytes; Linux only.
 * Source: proc_pid_status(5).
 */
export function readResidentBytes(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kibibytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
    return 1024 * (kibibytes('VmRSS') + kibibytes('VmSwap'));
  } catch {
    return undefined;
  }
}

function formatMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}MiB`;
}
