import { toHeadwayError } from '../../core/error.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import type { EvidenceStart } from '../../store/evidence.ts';
import type { CliContext } from '../context.ts';
import { beginEvidence } from '../evidence/begin-evidence.ts';
import { formatCommand } from '../evidence/format-command.ts';
import { storeRun } from '../evidence/stored-run.ts';
import type { CommonOptions } from './common-options.ts';
import type { Problem } from './problem.ts';

/** How a measurement ended. */
export interface SessionEnding {
  readonly verdict?: string | undefined;
  /** What keeps it from counting. */
  readonly problem?: Problem | undefined;
}

/** The record of a measurement, or nothing where none is kept. */
export interface EvidenceSession extends Disposable {
  /** `undefined` when none is kept. */
  readonly id: string | undefined;
  addRun(name: string, run: LoadRun, more: Readonly<Record<string, unknown>>): void;
  /** @throws HeadwayError when not all could be kept. */
  finish(result: unknown, ending?: SessionEnding): void;
}

/**
 * Begins the record of a measurement. What cannot be kept later, on a full disk, does not end the
 * measurement: `finish` says so when the result has been told.
 */
export function openEvidenceSession(
  context: CliContext,
  options: CommonOptions,
  start: Omit<EvidenceStart, 'command' | 'cwd' | 'seed'>,
): EvidenceSession {
  if (!options.evidence) {
    return { id: undefined, addRun() {}, finish() {}, [Symbol.dispose]() {} };
  }
  const writer = beginEvidence(context, {
    ...start,
    ...(options.model === undefined ? {} : { model: options.model }),
    command: formatCommand(context.args),
    cwd: context.cwd,
    seed: options.seed,
    home: options.home,
  });
  let failure: unknown;
  return {
    id: writer.id,
    addRun(name, run, more) {
      try {
        if (failure === undefined) storeRun(writer, name, run, more);
      } catch (thrown) {
        failure = thrown;
      }
    },
    finish(result, { verdict, problem } = {}) {
      if (failure !== undefined) {
        writer.fail(toHeadwayError(failure).message);
        throw failure;
      }
      if (problem === undefined) writer.finish(result, verdict);
      else writer.breakOff({ state: problem.state, reason: problem.reason, result, verdict });
    },
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}
