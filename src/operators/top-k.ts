/** A value and where it stood. */
export interface RankedValue<Value extends number | bigint = number> {
  readonly index: number;
  readonly value: Value;
}

/**
 * The `k` largest values in falling order; of equal values the lower index comes first. NaN ranks
 * below every number. A heap of `k` entries is kept, so the cost is O(n log k) in the worst case
 * and near O(n) on values in no particular order.
 * @param values any row of numbers, or of whole numbers beyond 2^53; not changed.
 * @param k how many are wanted; fewer come back when there are fewer values.
 * @throws RangeError when `k` is no whole number ≥ 0.
 */
export function topK<Value extends number | bigint>(
  values: ArrayLike<Value>,
  k: number,
): RankedValue<Value>[] {
  if (!Number.isSafeInteger(k) || k < 0) {
    throw new RangeError(`topK: k must be a whole number ≥ 0, got ${k}.`);
  }
  const size = Math.min(k, values.length);
  if (size === 0) return [];
  const heap: RankedValue<Value>[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === undefined) continue;
    if (heap.length < size) {
      heap.push({ index, value });
      siftUp(heap);
      continue;
    }
    // Of equal values the kept one has the lower index; a kept NaN gives way to any number.
    if (Number.isNaN(value) || value <= (heap[0]?.value ?? Number.NaN)) continue;
    heap[0] = { index, value };
    siftDown(heap);
  }
  return heap.sort((a, b) => (ranksBelow(a, b) ? 1 : -1));
}

type Ranked = RankedValue<number | bigint>;

/** The index of the largest value, the first of equal ones; -1 for no values or NaN alone. */
export function argmax(values: ArrayLike<number>): number {
  let best = -1;
  let bestValue = -Infinity;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN;
    if (value > bestValue || (best === -1 && value === bestValue)) {
      best = index;
      bestValue = value;
    }
  }
  return best;
}

function ranksBelow(a: Ranked, b: Ranked): boolean {
  if (a.value < b.value) return true;
  if (a.value > b.value) return false;
  const aIsNaN = Number.isNaN(a.value);
  return aIsNaN === Number.isNaN(b.value) ? a.index > b.index : aIsNaN;
}

/** Moves the last entry of a heap whose root ranks lowest to its place. */
function siftUp(heap: Ranked[]): void {
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!swapIfBelow(heap, child, parent)) return;
    child = parent;
  }
}

/** Moves the root of a heap whose root ranks lowest to its place. */
function siftDown(heap: Ranked[]): void {
  let parent = 0;
  for (;;) {
    const left = 2 * parent + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const lower = right < heap.length && isBelow(heap, right, left) ? right : left;
    if (!swapIfBelow(heap, lower, parent)) return;
    parent = lower;
  }
}

function isBelow(heap: readonly Ranked[], a: number, b: number): boolean {
  const first = heap[a];
  const second = heap[b];
  return first !== undefined && second !== undefined && ranksBelow(first, second);
}

function swapIfBelow(heap: Ranked[], child: number, parent: number): boolean {
  const lower = heap[child];
  const upper = heap[parent];
  if (lower === undefined || upper === undefined || !ranksBelow(lower, upper)) return false;
  heap[child] = upper;
  heap[parent] = lower;
  return true;
}
