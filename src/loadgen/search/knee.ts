/** What was measured with so many requests in flight. */
export interface MeasuredConcurrency {
  readonly concurrency: number;
  readonly throughputPerSecond: number;
  /** Mean or median latency. */
  readonly latencyMs: number;
}

/** What to do next; `concurrency` of the result is where the knee is. */
export type KneeStep =
  | { readonly kind: 'measure'; readonly concurrency: number }
  | { readonly kind: 'found'; readonly concurrency: number };

/** A doubling that gains less throughput than this share has passed the knee. */
const flatGain = 0.05;

/** Neighbours of the knee that are this close, as a ratio, are close enough. */
const closeRatio = 1.3;

/**
 * Plans a search for the knee: the concurrency where throughput divided by latency is greatest, so
 * that more of one costs more of the other than it gains. Doubles until throughput is flat, then
 * looks between the best and its neighbours.
 * Source: Kleinrock, "Power and deterministic rules of thumb for probabilistic problems" (1979).
 */
export function planKnee(
  measured: readonly MeasuredConcurrency[],
  maxConcurrency: number,
): KneeStep {
  const points = measured.toSorted((a, b) => a.concurrency - b.concurrency);
  const last = points.at(-1);
  if (last === undefined) return { kind: 'measure', concurrency: 1 };
  if (!isFlat(points) && last.concurrency < maxConcurrency) {
    return { kind: 'measure', concurrency: Math.min(maxConcurrency, last.concurrency * 2) };
  }
  const best = points.reduce((peak, point) => (power(point) > power(peak) ? point : peak));
  const place = points.indexOf(best);
  for (const neighbour of [points[place + 1], points[place - 1]]) {
    const middle = between(best, neighbour);
    if (middle !== undefined) return { kind: 'measure', concurrency: middle };
  }
  return { kind: 'found', concurrency: best.concurrency };
}

function power({ throughputPerSecond, latencyMs }: MeasuredConcurrency): number {
  return latencyMs > 0 ? throughputPerSecond / latencyMs : 0;
}

/** Whether the widest step up so far gained nothing worth having. */
function isFlat(points: readonly MeasuredConcurrency[]): boolean {
  const last = points.at(-1);
  const half = points.findLast(
    (point) => last !== undefined && point.concurrency * 2 <= last.concurrency,
  );
  if (last === undefined || half === undefined) return false;
  return last.throughputPerSecond < half.throughputPerSecond * (1 + flatGain);
}

function between(a: MeasuredConcurrency, b: MeasuredConcurrency | undefined): number | undefined {
  if (b === undefined) return undefined;
  const [low, high] = [a.concurrency, b.concurrency].toSorted((x, y) => x - y) as [number, number];
  if (high <= low * closeRatio) return undefined;
  const middle = Math.round(Math.sqrt(low * high));
  return middle > low && middle < high ? middle : undefined;
}
