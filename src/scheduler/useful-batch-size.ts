/** Finds the batch size beyond which batches do not pay, from how long they ran. */
export interface UsefulBatchSize {
  observe(batchSize: number, runMs: number): void;
  /**
   * The smallest size whose time per item is within 5 % of the best measured. `undefined` while
   * larger batches were better all along, there is too little to compare, or larger ones are due to
   * be tried again.
   */
  at(nowMs: number): number | undefined;
}

/** Sizes are compared by as many newest samples of each. */
const comparedSamples = 3;
/** Sizes compared at a time; the one known for the longest is given up. */
const maxSizes = 64;
/** A larger batch that saves less than this share of the time per item only makes requests wait. */
const usefulGain = 0.05;
/**
 * That larger batches do not pay is believed for so long; then they are tried again. The first time
 * the process may not be warm; each time that it turns out the same it is believed for twice as long.
 */
const firstTrustMs = 1000;
const longestTrustMs = 60_000;

interface Size {
  readonly batchSize: number;
  /** The newest, as many as are compared at most; emptied for a new trial. */
  readonly newestMs: number[];
  /** By the fastest of them, since what disturbs a run only adds to it. */
  itemMs: number;
}

/** Begins with nothing measured. */
export function createUsefulBatchSize(): UsefulBatchSize {
  const sizes = new Map<number, Size>();
  let compared: Comparison | undefined;
  let trustMs = firstTrustMs;
  let trialAtMs: number | undefined;
  /** What the last trial was to beat. */
  let triedBeyond = 0;

  function sizeOf(batchSize: number): Size {
    const known = sizes.get(batchSize);
    if (known !== undefined) return known;
    const [oldest] = sizes.keys();
    if (oldest !== undefined && sizes.size === maxSizes) sizes.delete(oldest);
    const size = { batchSize, newestMs: [], itemMs: 0 };
    sizes.set(batchSize, size);
    return size;
  }

  function beginTrial(usefulSize: number): void {
    trialAtMs = undefined;
    triedBeyond = usefulSize;
    compared = undefined;
    for (const size of sizes.values()) if (size.batchSize > usefulSize) size.newestMs.length = 0;
  }

  return {
    observe(batchSize, runMs) {
      const size = sizeOf(batchSize);
      if (size.newestMs.length === comparedSamples) size.newestMs.shift();
      size.newestMs.push(runMs);
      size.itemMs = Math.min(...size.newestMs) / batchSize;
      compared = undefined;
    },
    at(nowMs) {
      compared ??= compareSizes(sizes);
      if (compared.kind === 'unknown') return undefined;
      if (compared.kind === 'larger is better') {
        // Of what was known before a trial nothing larger is left until it is over.
        if (compared.batchSize > triedBeyond) trustMs = firstTrustMs;
        trialAtMs = undefined;
        return undefined;
      }
      const { batchSize } = compared;
      if (trialAtMs === undefined) {
        trialAtMs = nowMs + trustMs;
        trustMs = Math.min(longestTrustMs, trustMs * 2);
      } else if (nowMs >= trialAtMs) {
        beginTrial(batchSize);
        return undefined;
      }
      return batchSize;
    },
  };
}

type Comparison =
  | { readonly kind: 'unknown' }
  /** The largest measured is the best. */
  | { readonly kind: 'larger is better'; readonly batchSize: number }
  | { readonly kind: 'useful'; readonly batchSize: number };

const unknown: Comparison = Object.freeze({ kind: 'unknown' });

/** Done again after every run, so without making lists. */
function compareSizes(sizes: ReadonlyMap<number, Size>): Comparison {
  let bestMs = Infinity;
  let largest = 0;
  let count = 0;
  for (const size of sizes.values()) {
    if (!isComparable(size)) continue;
    count += 1;
    if (size.itemMs < bestMs) bestMs = size.itemMs;
    if (size.batchSize > largest) largest = size.batchSize;
  }
  if (count < 2) return unknown;
  let useful = largest;
  for (const size of sizes.values()) {
    const isGood = size.itemMs <= bestMs * (1 + usefulGain);
    if (isGood && size.batchSize < useful && isComparable(size)) useful = size.batchSize;
  }
  return { kind: useful < largest ? 'useful' : 'larger is better', batchSize: useful };
}

function isComparable({ newestMs }: Size): boolean {
  return newestMs.length === comparedSamples;
}
