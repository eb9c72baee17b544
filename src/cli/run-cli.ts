import process from 'node:process';
import { CommanderError } from 'commander';
import { createSystemClock } from '../core/clock.ts';
import { toHeadwayError } from '../core/error.ts';
import type { CliContext } from './context.ts';
import { createProgram } from './program.ts';
import { UsageError } from './usage-error.ts';
import { VerdictExit } from './verdict-exit.ts';

/** Exit codes of every command; those of verdicts are in verdict-exit.ts. */
const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/**
 * Runs one command line in this process.
 * @param args what follows `headway`.
 * @returns the exit code: 0 ok, 1 failed, 2 usage, 3 verdict not met, 4 not enough data for one.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const context: CliContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    args,
    env: process.env,
    clock: createSystemClock(),
    cwd: process.cwd(),
    signal: abort.signal,
  };
  try {
    const program = await createProgram(context, args);
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes.ok;
  } catch (thrown) {
    return reportFailure(context, thrown);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function reportFailure(context: CliContext, thrown: unknown): number {
  if (thrown instanceof CommanderError) {
    // Commander has already written what is wrong, or the help that was asked for.
    return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  if (thrown instanceof VerdictExit) return thrown.exitCode;
  const error = toHeadwayError(thrown);
  const detail = error.code === 'internal' ? causeText(error.cause) : '';
  context.stderr.write(`headway: ${error.message}${detail}\n`);
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

/** On the command line the person who asked is the one who may see the cause. */
function causeText(cause: unknown): string {
  if (cause === undefined) return '';
  return `\n${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
}
