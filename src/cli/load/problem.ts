import { HeadwayError } from '../../core/error.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { validityOf } from '../../loadgen/validity.ts';

/** What keeps a measurement from counting, though what was measured is told and kept. */
export interface Problem {
  /** How its record ends. */
  readonly state: 'failed' | 'partial';
  /** For the record. */
  readonly reason: string;
  /** For who waits for it. */
  readonly error: HeadwayError;
}

/** It was told to stop. */
export function stoppedProblem(): Problem {
  return {
    state: 'partial',
    reason: 'stopped before the measurement ended',
    error: new HeadwayError('cancelled', 'Stopped: what was measured until then is told above.'),
  };
}

/** The server was gone at the end. */
export function diedProblem(url: string): Problem {
  const reason = `${url} stopped answering while it was measured`;
  return {
    state: 'failed',
    reason,
    error: new HeadwayError(
      'unavailable',
      `${reason}; what was measured until then is told above.`,
    ),
  };
}

/** Above so many requests a second the generator itself may be what is busy. */
const busyRatePerSecond = 1_000;

/** Longer than any work of its own keeps a generator. */
const longLagMs = 20;

/** What to do where the generator could not keep up, by how late it was and how much it sent. */
export function generatorAdvice(run: LoadRun): string {
  const { lagP99Ms, droppedCount } = validityOf(run);
  if (lagP99Ms === 0 && droppedCount === 0) return 'Measure longer, or send more.';
  const ratePerSecond = (run.samples.count * 1_000) / (run.warmupMs + run.durationMs);
  if (ratePerSecond >= busyRatePerSecond) {
    return 'Send less, share the load with --generators, or give the generator a core of its own.';
  }
  return lagP99Ms >= longLagMs
    ? 'Something else has the cores of this machine: end it, or send from another machine.'
    : 'Keep other work off this machine, give the generator a core of its own, or send from another machine.';
}

/** The generator could not keep up. @param message says what follows from that, and what to do. */
export function invalidProblem(reasons: readonly string[], message: string): Problem {
  return {
    state: 'failed',
    reason: reasons.join('; '),
    error: new HeadwayError('failed_precondition', message),
  };
}
