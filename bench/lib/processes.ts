import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** A child process that has said it is ready. */
export interface BenchProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Sends a message to the child and waits for its next one. */
  ask(message: unknown): Promise<unknown>;
}

/**
 * Starts a TypeScript file as a child process that sends `{ port }` when it is ready.
 * @param args the file and its arguments.
 */
export async function startProcess(args: readonly string[]): Promise<BenchProcess> {
  const child = spawn(process.execPath, [...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const first = (await nextMessage(child)) as { readonly port: number };
  return {
    pid: child.pid ?? 0,
    port: first.port,
    ask: (message) => {
      const answer = nextMessage(child);
      child.send(message as object);
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const failed = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: failed.signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal: failed.signal }).then(([code]) => {
        throw new Error(`The child process ended with exit code ${String(code)}.`);
      }),
    ]);
  } finally {
    failed.abort();
  }
}

/** CPU seconds, user and system, a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  // utime and stime are fields 14 and 15 of proc_pid_stat(5), in clock ticks of 1/100 s.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}
