/** What a model's batches were measured to take, by batch size. */
export interface RunTimeModel {
  observe(batchSize: number, runMs: number, nowMs: number): void;
  /**
   * The same for a run that was terminated, which would have taken at least this long. Without it
   * a model all of whose runs are too slow for their deadlines would never be known to be.
   */
  observeTerminated(batchSize: number, elapsedMs: number, nowMs: number): void;
  /** How long a batch of this size is expected to run; `undefined` before enough was measured. */
  readonly estimateMs: (batchSize: number) => number | undefined;
  /**
   * The batch size beyond which items are not answered any faster: the smallest whose time per item
   * is within 5 % of the best measured. `undefined` while larger batches were better all along,
   * there is too little to compare, or larger ones are due to be tried again.
   */
  usefulBatchSize(nowMs: number): number | undefined;
  /** `estimateMs`, but `undefined` also when the last measurement is too old to refuse requests by. */
  freshEstimateMs(batchSize: number, nowMs: number): number | undefined;
}

/** The newest samples kept of each batch size. */
const samplesPerSize = 7;
/** One slow first run is no ground to refuse what follows: it is passed over as the slowest. */
const samplesBeforeEstimate = 3;
/** Batch sizes measured at a time; the one not seen for the longest is given up. */
const maxSizes = 64;
/**
 * Refusing requests leaves nothing to measure. After this long without a run the next request is
 * let through whatever the estimate says, so a model that has become faster is noticed.
 */
const freshForMs = 1000;
/** Batch sizes are compared by as many newest samples of each. */
const comparedSamples = 3;
/**
 * That larger batches do not pay is believed for so long; then they are tried again. The first time
 * the process may not be warm; each time that it turns out the same it is believed for twice as long.
 */
const firstTrustMs = 1000;
const longestTrustMs = 60_000;
/** A larger batch that saves less than this share of the time per item only makes requests wait. */
const usefulGain = 0.05;

interface SizeSamples {
  readonly batchSize: number;
  /** Newest samples, in no order; `next` is the oldest. */
  readonly samplesMs: number[];
  next: number;
  cautiousMs: number;
  /** The newest, as many as sizes are compared by at most; emptied for a new trial. */
  readonly comparedMs: number[];
  observedMs: number;
}

/** The line `perItemMs · batchSize + fixedMs`. */
interface Line {
  readonly perItemMs: number;
  readonly fixedMs: number;
}

/**
 * Makes an empty model. A measured batch size answers with the second slowest of its newest
 * samples, any other with a straight line through those: an estimate that half of the runs exceed
 * would let half of the accepted requests miss. Memory and time are bounded.
 */
export function createRunTimeModel(): RunTimeModel {
  const sizes = new Map<number, SizeSamples>();
  const usefulBatchSize = createTrials(sizes);
  let sampleCount = 0;
  let lastObservedMs = -Infinity;
  let line: Line | undefined;

  function estimateMs(batchSize: number): number | undefined {
    if (sampleCount < samplesBeforeEstimate) return undefined;
    const measured = sizes.get(batchSize);
    if (measured !== undefined && measured.samplesMs.length >= samplesBeforeEstimate) {
      return measured.cautiousMs;
    }
    line ??= fitLine([...sizes.values()]);
    return line.perItemMs * batchSize + line.fixedMs;
  }

  function observe(batchSize: number, runMs: number, nowMs: number): void {
    let samples = sizes.get(batchSize);
    if (samples === undefined) {
      if (sizes.size === maxSizes) giveUpOldest(sizes);
      samples = newSamples(batchSize);
      sizes.set(batchSize, samples);
    }
    addSample(samples, runMs);
    samples.observedMs = nowMs;
    sampleCount += 1;
    lastObservedMs = nowMs;
    line = undefined;
  }

  return {
    observe,
    observeTerminated(batchSize, elapsedMs, nowMs) {
      if (elapsedMs > (estimateMs(batchSize) ?? 0)) observe(batchSize, elapsedMs, nowMs);
    },
    estimateMs,
    usefulBatchSize,
    freshEstimateMs: (batchSize, nowMs) =>
      nowMs - lastObservedMs > freshForMs ? undefined : estimateMs(batchSize),
  };
}

function giveUpOldest(sizes: Map<number, SizeSamples>): void {
  let oldest: SizeSamples | undefined;
  for (const samples of sizes.values()) {
    if (oldest === undefined || samples.observedMs < oldest.observedMs) oldest = samples;
  }
  if (oldest !== undefined) sizes.delete(oldest.batchSize);
}

function newSamples(batchSize: number): SizeSamples {
  return { batchSize, samplesMs: [], next: 0, cautiousMs: 0, comparedMs: [], observedMs: 0 };
}

/** Keeps to what a comparison of batch sizes showed, and tries larger ones again when it is old. */
function createTrials(sizes: ReadonlyMap<number, SizeSamples>): RunTimeModel['usefulBatchSize'] {
  let trustMs = firstTrustMs;
  let trialAtMs: number | undefined;
  return (nowMs) => {
    const compared = compareSizes(sizes);
    if (compared.kind === 'unknown') return undefined;
    if (compared.kind === 'larger is better') {
      trustMs = firstTrustMs;
      trialAtMs = undefined;
      return undefined;
    }
    if (trialAtMs === undefined) {
      trialAtMs = nowMs + trustMs;
      trustMs = Math.min(longestTrustMs, trustMs * 2);
    } else if (nowMs >= trialAtMs) {
      trialAtMs = undefined;
      for (const size of sizes.values()) {
        if (size.batchSize > compared.batchSize) size.comparedMs.length = 0;
      }
      return undefined;
    }
    return compared.batchSize;
  };
}

type Comparison =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'larger is better' }
  | { readonly kind: 'useful'; readonly batchSize: number };

const unknown: Comparison = Object.freeze({ kind: 'unknown' });
const largerIsBetter: Comparison = Object.freeze({ kind: 'larger is better' });

function compareSizes(sizes: ReadonlyMap<number, SizeSamples>): Comparison {
  let bestMs = Infinity;
  let largest = 0;
  let count = 0;
  for (const size of sizes.values()) {
    if (!isComparable(size)) continue;
    count += 1;
    bestMs = Math.min(bestMs, itemMs(size));
    largest = Math.max(largest, size.batchSize);
  }
  if (count < 2) return unknown;
  let useful = largest;
  for (const size of sizes.values()) {
    const isSmaller = size.batchSize < useful && isComparable(size);
    if (isSmaller && itemMs(size) <= bestMs * (1 + usefulGain)) useful = size.batchSize;
  }
  return useful < largest ? { kind: 'useful', batchSize: useful } : largerIsBetter;
}

function isComparable({ comparedMs }: SizeSamples): boolean {
  return comparedMs.length === comparedSamples;
}

/** What disturbs a run only adds to it, so the fastest tells. */
function itemMs({ comparedMs, batchSize }: SizeSamples): number {
  return Math.min(...comparedMs) / batchSize;
}

function addSample(samples: SizeSamples, runMs: number): void {
  samples.samplesMs[samples.next] = runMs;
  samples.next = (samples.next + 1) % samplesPerSize;
  samples.cautiousMs = samples.samplesMs.toSorted((a, b) => a - b).at(-2) ?? runMs;
  if (samples.comparedMs.length === comparedSamples) samples.comparedMs.shift();
  samples.comparedMs.push(runMs);
}

/**
 * Least squares through the estimates of the measured sizes, each weighed by its samples. Larger
 * batches never count as faster, and nothing as free before it starts: both parts of the line are
 * at least 0.
 */
function fitLine(sizes: readonly SizeSamples[]): Line {
  let weights = 0;
  let sizeSum = 0;
  let timeSum = 0;
  for (const { batchSize, samplesMs, cautiousMs } of sizes) {
    weights += samplesMs.length;
    sizeSum += samplesMs.length * batchSize;
    timeSum += samplesMs.length * cautiousMs;
  }
  const meanSize = sizeSum / weights;
  const meanMs = timeSum / weights;
  let covariance = 0;
  let variance = 0;
  for (const { batchSize, samplesMs, cautiousMs } of sizes) {
    covariance += samplesMs.length * (batchSize - meanSize) * (cautiousMs - meanMs);
    variance += samplesMs.length * (batchSize - meanSize) ** 2;
  }
  // One size alone cannot tell the parts apart; all of it counts as fixed, the hopeful reading.
  const slope = variance > 0 ? Math.max(0, covariance / variance) : 0;
  const perItemMs = Math.min(slope, meanMs / meanSize);
  return { perItemMs, fixedMs: meanMs - perItemMs * meanSize };
}
