import { type Random, nextExponential } from '../../src/core/statistics/random.ts';
import type { LoadRun } from '../../src/loadgen/samples.ts';

/** A server whose latencies follow from when requests come. */
export interface SimulatedServer {
  readonly name: string;
  /** Requests each millisecond that it can serve in the long run. */
  readonly capacityPerMs: number;
  latenciesMs(intendedMs: Float64Array): Float64Array;
}

/** One request at a time, each as long: M/D/1 under Poisson load. */
export function createSingleServer(serviceMs: number): SimulatedServer {
  return {
    name: 'M/D/1',
    capacityPerMs: 1 / serviceMs,
    latenciesMs(intendedMs) {
      let freeMs = 0;
      return intendedMs.map((atMs) => {
        freeMs = Math.max(freeMs, atMs) + serviceMs;
        return freeMs - atMs;
      });
    },
  };
}

/** Takes what waits, up to `maxBatch`, and works on `batch` requests for `baseMs + batch * eachMs`. */
export function createBatchingServer({
  baseMs,
  eachMs,
  maxBatch,
}: {
  baseMs: number;
  eachMs: number;
  maxBatch: number;
}): SimulatedServer {
  return {
    name: 'batching',
    capacityPerMs: maxBatch / (baseMs + maxBatch * eachMs),
    latenciesMs(intendedMs) {
      const latencies = new Float64Array(intendedMs.length);
      let freeMs = 0;
      let next = 0;
      while (next < intendedMs.length) {
        const beginMs = Math.max(freeMs, intendedMs[next] ?? 0);
        let end = next + 1;
        while (end < next + maxBatch && (intendedMs[end] ?? Infinity) <= beginMs) end += 1;
        freeMs = beginMs + baseMs + (end - next) * eachMs;
        for (; next < end; next += 1) latencies[next] = freeMs - (intendedMs[next] ?? 0);
      }
      return latencies;
    },
  };
}

/** Times of Poisson load. */
export function poissonTimes(random: Random, ratePerMs: number, untilMs: number): Float64Array {
  let times = new Float64Array(Math.ceil(1.01 * ratePerMs * untilMs) + 16);
  let count = 0;
  for (let atMs = nextExponential(random) / ratePerMs; atMs < untilMs;) {
    if (count === times.length) {
      const wider = new Float64Array(2 * count);
      wider.set(times);
      times = wider;
    }
    times[count++] = atMs;
    atMs += nextExponential(random) / ratePerMs;
  }
  return times.slice(0, count);
}

/** The run that a faultless generator would have measured. */
export function simulateRun(
  server: SimulatedServer,
  load: { random: Random; ratePerMs: number; warmupMs: number; durationMs: number },
): LoadRun {
  const { random, ratePerMs, warmupMs, durationMs } = load;
  const intendedMs = poissonTimes(random, ratePerMs, warmupMs + durationMs);
  const latencies = server.latenciesMs(intendedMs);
  const endMs = intendedMs.map((atMs, row) => atMs + (latencies[row] ?? 0));
  const none = new Float32Array(0);
  return {
    samples: {
      count: intendedMs.length,
      intendedMs,
      sentMs: intendedMs,
      firstByteMs: endMs,
      endMs,
      outcome: new Uint8Array(intendedMs.length),
      queueMs: none,
      computeMs: none,
    },
    loop: 'open',
    warmupMs,
    durationMs,
    reasons: new Map(),
    startedAtUnixMs: 0,
  };
}
