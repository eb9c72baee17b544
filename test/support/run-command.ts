import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

/** How a command ended, and what it wrote. */
export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that goes on. */
export interface StartedCommand {
  /** Resolves when something is so, or when the command has ended. */
  until(isSo: () => boolean): Promise<void>;
  /** Stops it as Ctrl-C does. */
  stop(): void;
  readonly ended: Promise<CommandRun>;
}

/** A folder that commands run in, with a home folder of their own; it goes away with this. */
export interface CommandFolder extends AsyncDisposable {
  readonly path: string;
  run(args: readonly string[]): Promise<CommandRun>;
  start(args: readonly string[]): StartedCommand;
}

export async function createCommandFolder(): Promise<CommandFolder> {
  const path = await mkdtemp(join(tmpdir(), 'headway-command-'));
  function start(args: readonly string[]): StartedCommand {
    const env = { ...process.env, HOME: path };
    const child = spawn(process.execPath, [main, ...args], {
      cwd: path,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number]>,
    ]).then(([stdout, stderr, [code]]) => ({ code, stdout, stderr }));
    return {
      async until(isSo) {
        const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
        while (!isSo() && isRunning()) await new Promise(setImmediate);
      },
      stop: () => void child.kill('SIGINT'),
      ended,
    };
  }
  return {
    path,
    start,
    run: (args) => start(args).ended,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
