/** The process that writes a record, so that others can tell whether it still does. */
export interface RecordOwner {
  readonly host: string;
  /** What the system calls this run of itself, from one start to the next. */
  readonly boot: string;
  /** What the numbers of processes belong to: containers have their own. */
  readonly pidSpace: string;
  readonly pid: number;
  /** When the process began, in whatever unit the system tells; a number may be given again. */
  readonly started: string;
}

/** Processes as the store sees them. */
export interface Processes {
  readonly own: RecordOwner;
  /** When the process with this number began; `undefined` when there is none. */
  startOf(pid: number): string | undefined;
}

/** For how long the process of a record is believed to go on where it cannot be seen. */
const unseenMs = 24 * 60 * 60 * 1000;

/**
 * Whether the process that writes a record is there no more. One of another machine or container
 * cannot be seen, and counts as gone a day after it wrote last.
 * @param silentMs how long ago it wrote last.
 */
export function isOwnerGone(owner: RecordOwner, processes: Processes, silentMs: number): boolean {
  const { own } = processes;
  if (owner.boot === own.boot && owner.pidSpace === own.pidSpace) {
    return processes.startOf(owner.pid) !== owner.started;
  }
  if (owner.host === own.host && owner.boot !== own.boot) return true;
  return silentMs > unseenMs;
}
