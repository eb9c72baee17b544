/** Where a run happens: on this thread, or on one of the pool. */
export type RunMode = 'inline' | 'pool';

/** Decides, batch shape by batch shape, where runs happen. */
export interface RunModes {
  choose(shapeKey: string): RunMode;
  /** Tells how long a run took, hand-over included where there was one. */
  observe(shapeKey: string, mode: RunMode, elapsedMs: number): void;
}

interface Estimate {
  /** What the model itself takes, as far as is known. */
  runMs: number;
  runCount: number;
}

/** Shapes remembered; beyond this the memory starts anew. */
const maxShapes = 256;

/** Runs from one trial on this thread to the next. */
const trialInterval = 100;

/** A trial may hold up the event loop for this many times the hand-over. */
const trialFactor = 10;

/** Weight of a new observation. */
const smoothing = 0.2;

/**
 * Runs that cost less than handing them over happen on this thread, the others on the pool. A new
 * shape begins on the pool. What is seen there includes waiting for a busy event loop, so a run
 * that seems cheap enough is tried here now and then, and what a run here costs is believed.
 */
export function createRunModes(handoffMs: number): RunModes {
  const estimates = new Map<string, Estimate>();
  return {
    choose(shapeKey) {
      const estimate = estimates.get(shapeKey);
      if (estimate === undefined) return 'pool';
      if (estimate.runMs <= handoffMs) return 'inline';
      const isTrial =
        estimate.runMs <= trialFactor * handoffMs && estimate.runCount % trialInterval === 0;
      return isTrial ? 'inline' : 'pool';
    },
    observe(shapeKey, mode, elapsedMs) {
      const runMs = mode === 'inline' ? elapsedMs : Math.max(0, elapsedMs - handoffMs);
      const estimate = estimates.get(shapeKey);
      if (estimate === undefined) {
        if (estimates.size >= maxShapes) estimates.clear();
        estimates.set(shapeKey, { runMs, runCount: 1 });
        return;
      }
      estimate.runCount += 1;
      if (mode === 'inline') {
        estimate.runMs += (runMs - estimate.runMs) * smoothing;
        return;
      }
      // The least is nearest to the truth: everything else in it is waiting.
      estimate.runMs = Math.min(runMs, estimate.runMs + (runMs - estimate.runMs) * smoothing);
    },
  };
}
