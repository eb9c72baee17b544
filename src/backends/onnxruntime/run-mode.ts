/** Where a run happens: on this thread, or on one of the pool. */
export type RunMode = 'inline' | 'pool';

/** What a run is of. */
export interface RunShape {
  /** Of the whole: of equal ones the runs cost about the same. */
  readonly key: string;
  /** The shape of one row. */
  readonly rowKey: string;
  readonly rowCount: number;
}

/** Decides, batch shape by batch shape, where runs happen. */
export interface RunModes {
  choose(shape: RunShape): RunMode;
  /** Tells how long a run took, hand-over included where there was one. */
  observe(shape: RunShape, mode: RunMode, elapsedMs: number): void;
}

interface Estimate {
  /** What the model itself takes, as far as is known. */
  readonly runMs: number;
  readonly runCount: number;
  /** Whether it ever ran on this thread. */
  readonly wasHere: boolean;
}

/** What rows of one shape took on this thread, where nothing else is in the time. */
interface SeenHere {
  readonly runMs: number;
  readonly rowCount: number;
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
 * shape begins on the pool, unless fewer rows of it ran here, and so many more cannot take long. What
 * is seen on the pool includes waiting for a busy event loop, so a run that seems cheap enough is
 * tried here now and then, and what a run here costs is believed.
 */
export function createRunModes(handoffMs: number): RunModes {
  const estimates = new Map<string, Estimate>();
  const seenHere = new Map<string, SeenHere>();
  /** Rows cost at most what they cost apart. */
  const isSureToBeShort = ({ rowKey, rowCount }: RunShape): boolean => {
    const seen = seenHere.get(rowKey);
    if (seen === undefined) return false;
    return seen.runMs * Math.max(1, rowCount / seen.rowCount) <= trialFactor * handoffMs;
  };
  return {
    choose(shape) {
      const estimate = estimates.get(shape.key);
      if (estimate?.wasHere !== true && isSureToBeShort(shape)) return 'inline';
      if (estimate === undefined) return 'pool';
      if (estimate.runMs <= handoffMs) return 'inline';
      const isTrial =
        estimate.runMs <= trialFactor * handoffMs && estimate.runCount % trialInterval === 0;
      return isTrial ? 'inline' : 'pool';
    },
    observe(shape, mode, elapsedMs) {
      const known = estimates.get(shape.key);
      if (known === undefined && estimates.size >= maxShapes) {
        estimates.clear();
        seenHere.clear();
      }
      const isHere = mode === 'inline';
      const runMs = isHere
        ? costHere(known, elapsedMs, handoffMs)
        : costOnPool(known, Math.max(0, elapsedMs - handoffMs));
      estimates.set(shape.key, {
        runMs,
        runCount: (known?.runCount ?? 0) + 1,
        wasHere: isHere || known?.wasHere === true,
      });
      if (isHere) seenHere.set(shape.rowKey, { runMs, rowCount: shape.rowCount });
    },
  };
}

/** One run that the system held up must not hide what many cost: an estimate at most doubles. */
function costHere(known: Estimate | undefined, elapsedMs: number, handoffMs: number): number {
  if (known === undefined) return elapsedMs;
  if (!known.wasHere) return Math.min(known.runMs, elapsedMs);
  const highestMs = 2 * Math.max(known.runMs, handoffMs / 8);
  return Math.min(highestMs, smoothed(known.runMs, elapsedMs));
}

/** The least is nearest to the truth: everything else in it is waiting. */
function costOnPool(known: Estimate | undefined, runMs: number): number {
  if (known === undefined) return runMs;
  return Math.min(runMs, known.wasHere ? known.runMs : smoothed(known.runMs, runMs));
}

function smoothed(before: number, observed: number): number {
  return before + (observed - before) * smoothing;
}
