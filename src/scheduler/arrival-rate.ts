/** How fast items have been coming lately. */
export interface ArrivalRate {
  observe(itemCount: number, nowMs: number): void;
  /** Items per millisecond. */
  perMs(nowMs: number): number;
}

/** What came this long ago counts for 1/e of what comes now. */
const memoryMs = 250;

/** Makes a rate that has seen nothing. */
export function createArrivalRate(): ArrivalRate {
  let weight = 0;
  let atMs = 0;

  function decay(nowMs: number): void {
    weight *= Math.exp((atMs - nowMs) / memoryMs);
    atMs = nowMs;
  }

  return {
    observe(itemCount, nowMs) {
      decay(nowMs);
      weight += itemCount;
    },
    perMs(nowMs) {
      decay(nowMs);
      return weight / memoryMs;
    },
  };
}
