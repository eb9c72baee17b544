/** How many observations fell at or below each edge. Observing allocates nothing. */
export interface Histogram {
  /** Upper edges, ascending, inclusive; a last bucket without an edge follows. */
  readonly edges: readonly number[];
  readonly count: number;
  readonly sum: number;
  observe(value: number): void;
  /** Observations per bucket, not cumulative; one more than there are edges. */
  readonly bucketCounts: readonly number[];
}

/** From a tenth of a millisecond to half a minute, in seconds. */
export const durationEdgesSeconds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30,
];

/** Batch sizes, in items. */
export const batchSizeEdges: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * Makes an empty histogram.
 * @throws RangeError when the edges do not ascend.
 */
export function createHistogram(edges: readonly number[]): Histogram {
  for (const [index, edge] of edges.entries()) {
    if (!(edge > (edges[index - 1] ?? -Infinity))) {
      throw new RangeError(`histogram edges must ascend; ${edge} is at ${index}`);
    }
  }
  const bucketCounts = Array.from({ length: edges.length + 1 }, () => 0);
  let count = 0;
  let sum = 0;
  return {
    edges,
    bucketCounts,
    get count() {
      return count;
    },
    get sum() {
      return sum;
    },
    observe(value) {
      let low = 0;
      let high = edges.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (value <= (edges[middle] ?? Infinity)) high = middle;
        else low = middle + 1;
      }
      bucketCounts[low] = (bucketCounts[low] ?? 0) + 1;
      count += 1;
      sum += value;
    },
  };
}
