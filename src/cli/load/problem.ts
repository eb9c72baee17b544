import { HeadwayError } from '../../core/error.ts';

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

/** The generator could not keep up. @param message says what follows from that, and what to do. */
export function invalidProblem(reasons: readonly string[], message: string): Problem {
  return {
    state: 'failed',
    reason: reasons.join('; '),
    error: new HeadwayError('failed_precondition', message),
  };
}
