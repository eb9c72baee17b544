import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';

/** A stream of the terminal, or what stands in for it in tests. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command may see of the process it runs in. */
export interface CliContext {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** What follows `headway` on the command line. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The folder relative paths start from. */
  readonly cwd: string;
  /** Aborted by SIGINT and SIGTERM: stop what is under way and leave nothing half done. */
  readonly signal: AbortSignal;
}

/** Writes one line of a command's answer. */
export function printLine(context: Pick<CliContext, 'stdout'>, line: string): void {
  context.stdout.write(`${line}\n`);
}

/** Writes a value as the one JSON document of a command run with `--json`. */
export function printJson(context: Pick<CliContext, 'stdout'>, value: unknown): void {
  printLine(context, JSON.stringify(value, undefined, 2));
}
