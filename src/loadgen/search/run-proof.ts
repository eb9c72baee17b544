import type { LoadRun } from '../samples.ts';
import { planProofPieces } from './proof-pieces.ts';

/** What a proof needs of the world. */
export interface ProofHooks<Verdict> {
  /** Sends the load of a part. */
  measure(part: ProofPart): Promise<LoadRun>;
  /** Judges what is measured so far, of a proof that goes on; `undefined` while nothing is clear. */
  judge(runs: readonly LoadRun[]): Verdict | undefined;
  /** The verdict of a proof that ends before one is clear. */
  leaveOpen(runs: readonly LoadRun[]): Verdict;
  /** Why the generator of this run is not to be believed; empty when it is. */
  invalidReasons(run: LoadRun): readonly string[];
  /** Hears of a run that does not count, before its part is measured again. */
  onSetAside(part: ProofPart, reasons: readonly string[], triesLeft: number): void;
  isStopped(): boolean;
}

/** One part of a proof, as it is measured. */
export interface ProofPart {
  /** From 1. */
  readonly number: number;
  /** How often it is measured with this time. */
  readonly tryCount: number;
  readonly durationMs: number;
  readonly seed: number;
}

/** How a proof ended. */
export interface Proof<Verdict> {
  readonly verdict: Verdict;
  /** What was judged, in the order of time. */
  readonly runs: readonly LoadRun[];
  /** Runs that do not count. */
  readonly setAsideCount: number;
  /** Why no more was measured. */
  readonly ending: 'clear' | 'time over' | 'stopped' | 'invalid';
  /** Of the last run, when that is why. */
  readonly invalidReasons: readonly string[];
}

export interface ProofOptions {
  /** The longest time to measure, warm-ups aside. */
  readonly plannedMs: number;
  readonly firstSeed: number;
}

/** Runs of a late generator that a proof puts up with. */
const maxInvalidRuns = 2;

/**
 * Measures part after part until the verdict is clear or the time is over. A run whose generator was
 * late is set aside and measured again from another seed; one too many of them, or being told to
 * stop, ends the proof.
 */
export async function runProof<Verdict>(
  { plannedMs, firstSeed }: ProofOptions,
  hooks: ProofHooks<Verdict>,
): Promise<Proof<Verdict>> {
  const runs: LoadRun[] = [];
  const pieces = planProofPieces(plannedMs);
  let tryCount = 0;
  let setAsideCount = 0;
  while (runs.length < pieces.length) {
    tryCount += 1;
    const part: ProofPart = {
      number: runs.length + 1,
      tryCount,
      durationMs: pieces[runs.length] ?? 0,
      seed: firstSeed + runs.length + setAsideCount,
    };
    const run = await hooks.measure(part);
    const invalidReasons = hooks.invalidReasons(run);
    const isInvalid = invalidReasons.length > 0;
    if (!isInvalid) runs.push(run);
    const clear = hooks.judge(runs);
    const end = (ending: Proof<Verdict>['ending']): Proof<Verdict> => {
      const verdict = clear ?? hooks.leaveOpen(runs);
      return { verdict, runs, setAsideCount, ending, invalidReasons };
    };
    if (hooks.isStopped()) return end('stopped');
    if (!isInvalid && clear !== undefined) return end('clear');
    if (!isInvalid) {
      tryCount = 0;
      continue;
    }
    setAsideCount += 1;
    if (setAsideCount > maxInvalidRuns) return end('invalid');
    hooks.onSetAside(part, invalidReasons, maxInvalidRuns + 1 - setAsideCount);
  }
  const verdict = hooks.leaveOpen(runs);
  return { verdict, runs, setAsideCount, ending: 'time over', invalidReasons: [] };
}
