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

interface SizeSamples {
  readonly batchSize: number;
  /** Newest samples, in no order; `next` is the oldest. */
  readonly samplesMs: number[];
  next: number;
  cautiousMs: number;
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
      samples = { batchSize, samplesMs: [], next: 0, cautiousMs: 0, observedMs: 0 };
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

function addSample(samples: SizeSamples, runMs: number): void {
  samples.samplesMs[samples.next] = runMs;
  samples.next = (samples.next + 1) % samplesPerSize;
  samples.cautiousMs = samples.samplesMs.toSorted((a, b) => a - b).at(-2) ?? runMs;
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
