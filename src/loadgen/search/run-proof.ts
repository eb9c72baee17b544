import type { LoadRun } from '../samples.ts';
import { planProofPieces } from './proof-pieces.ts';

/** What a proof needs of the world. */
export interface ProofHooks<Verdict> {
  /** Sends load for so long, by the schedule of a seed. */
  measure(durationMs: number, seed: number): Promise<LoadRun>;
  /** Judges what is measured so far, of a proof that goes on; `undefined` while nothing is clear. */
  judge(runs: readonly LoadRun[]): Verdict | undefined;
  /** The verdict of a proof that ends before one is clear. */
  leaveOpen(runs: readonly LoadRun[]): Verdict;
  /** Why the generator of this run is not to be believed; empty when it is. */
  invalidReasons(run: LoadRun): readonly string[];
  isStopped(): boolean;
}

/** How a proof ended. */
export interface Proof<Verdict> {
  readonly verdict: Verdict;
  readonly runs: readonly LoadRun[];
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
 * Measures piece after piece until the verdict is clear or the time is over. A run whose generator
 * was late is set aside and measured again from another seed; one too many of them, or being told
 * to stop, ends the proof.
 */
export async function runProof<Verdict>(
  { plannedMs, firstSeed }: ProofOptions,
  hooks: ProofHooks<Verdict>,
): Promise<Proof<Verdict>> {
  const runs: LoadRun[] = [];
  const pieces = planProofPieces(plannedMs);
  let seed = firstSeed;
  let invalidCount = 0;
  while (runs.length < pieces.length) {
    const run = await hooks.measure(pieces[runs.length] ?? 0, seed);
    seed += 1;
    const invalidReasons = hooks.invalidReasons(run);
    const isInvalid = invalidReasons.length > 0;
    if (isInvalid) invalidCount += 1;
    else runs.push(run);
    const clear = hooks.judge(runs);
    const end = (ending: Proof<Verdict>['ending']): Proof<Verdict> => {
      return { verdict: clear ?? hooks.leaveOpen(runs), runs, ending, invalidReasons };
    };
    if (hooks.isStopped()) return end('stopped');
    if (invalidCount > maxInvalidRuns) return end('invalid');
    if (!isInvalid && clear !== undefined) return end('clear');
  }
  return { verdict: hooks.leaveOpen(runs), runs, ending: 'time over', invalidReasons: [] };
}
