/** The q-quantile (above 0, up to 1) of ascending samples, by the nearest rank. NaN for none. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  return sorted[nearestRank(sorted.length, q) - 1] ?? Number.NaN;
}

/** The place, counted from 1, of the q-quantile of `count` ascending samples. */
export function nearestRank(count: number, q: number): number {
  // 0.99 · 100 is a hair above 99 for some counts: a rank is not to be raised by rounding.
  return Math.min(count, Math.max(1, Math.ceil(q * count - count * 1e-12)));
}

/**
 * The q-quantile of samples in any order, which may be infinite and not NaN; NaN for none. Puts the
 * samples into another order.
 * Source: Hoare, "Algorithm 65: Find" (1961), with the middle of three as the pivot.
 */
export function takeQuantile(samples: Float64Array, q: number): number {
  const place = nearestRank(samples.length, q) - 1;
  const at = (index: number): number => samples[index] ?? Number.NaN;
  let [low, high] = [0, samples.length - 1];
  while (low < high) {
    const pivot = middleOf(at(low), at((low + high) >>> 1), at(high));
    let [left, right] = [low, high];
    while (left <= right) {
      while (at(left) < pivot) left += 1;
      while (at(right) > pivot) right -= 1;
      if (left > right) break;
      const moved = at(left);
      samples[left++] = at(right);
      samples[right--] = moved;
    }
    // What lies between the two is the pivot.
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else break;
  }
  return at(place);
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
