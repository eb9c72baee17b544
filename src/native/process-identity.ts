import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';

/** What tells a process from every other one, on this machine and on others. */
export interface ProcessIdentity {
  readonly host: string;
  /** Differs from one start of the system to the next; empty where the system does not tell. */
  readonly boot: string;
  /** The namespace its number belongs to; empty where there are none. */
  readonly pidSpace: string;
  readonly pid: number;
  /** When it began, in ticks since the system started; empty where the system does not tell. */
  readonly started: string;
}

/** Tells of this process. */
export function readOwnIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    boot: orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidSpace: orEmpty(() => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: startOfProcess(process.pid) ?? '',
  };
}

/** When the process with this number began; `undefined` when there is none. */
export function startOfProcess(pid: number): string | undefined {
  if (process.platform !== 'linux') return isThere(pid) ? '' : undefined;
  const text = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return parseProcessStart(text);
}

/**
 * The start of a process from its `/proc/PID/stat`; `undefined` for one that has ended and waits for
 * its parent to look. Source: proc_pid_stat(5), fields 3 and 22.
 */
export function parseProcessStart(stat: string): string | undefined {
  // The name, in parentheses, may hold spaces and parentheses of its own.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
