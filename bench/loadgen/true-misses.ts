import { createRandom } from '../../src/core/statistics/random.ts';
import { type SimulatedServer, poissonTimes } from './simulated-server.ts';

const binMs = 0.02;
const chunkRequests = 1_000_000;
const warmupRequests = 50_000;

/** The latency that a share of the requests exceeds in the long run. */
export function trueMisses(
  server: SimulatedServer,
  ratePerMs: number,
): (missShare: number) => number {
  const idleShare = 1 - ratePerMs / server.capacityPerMs;
  // The longer requests resemble each other, the more are needed.
  const chunkCount = Math.max(8, Math.ceil(idleShare ** -1.5));
  const bins = new Uint32Array(1_000_000);
  let total = 0;
  for (let chunk = 0; chunk < chunkCount; chunk += 1) {
    const random = createRandom(chunk + 0.5);
    const times = poissonTimes(random, ratePerMs, chunkRequests / ratePerMs);
    for (const latencyMs of server.latenciesMs(times).subarray(warmupRequests)) {
      const bin = Math.min(bins.length - 1, Math.floor(latencyMs / binMs));
      bins[bin] = (bins[bin] ?? 0) + 1;
      total += 1;
    }
  }
  return (missShare) => {
    let above = 0;
    let bin = bins.length;
    while (above < missShare * total && bin > 0) above += bins[--bin] ?? 0;
    return bin * binMs;
  };
}
