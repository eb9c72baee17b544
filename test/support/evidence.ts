import type { LoadRun } from '../../src/loadgen/samples.ts';
import type { EvidenceStart } from '../../src/store/evidence.ts';
import { createRandom } from '../../src/testing/models/random.ts';

/** What is known of a made-up measurement before it begins. */
export const evidenceStart: EvidenceStart = {
  kind: 'bench',
  command: 'headway bench http://localhost:8000 --model det --rate 100',
  cwd: '/tmp',
  url: 'http://localhost:8000',
  model: 'det',
  seed: 7,
  settings: { arrival: { kind: 'poisson', ratePerSecond: 100 } },
  server: { name: 'headway', config: { max_batch_size: 8 } },
};

/** A made-up run of load: 100 requests a second, each answered in 5 to 25 ms. */
export function madeRun(
  count: number,
  { seed = 1, slowerMs = 0 }: { seed?: number; slowerMs?: number } = {},
): LoadRun {
  const random = createRandom(seed);
  const intendedMs = Float64Array.from({ length: count }, (_, row) => row * 10);
  const sentMs = intendedMs.map((time) => time + 0.05 * (1 + random.next()));
  const endMs = sentMs.map((time) => time + 5 + slowerMs + 10 * (1 + random.next()));
  return {
    loop: 'open',
    warmupMs: 100,
    durationMs: count * 10 - 100,
    startedAtUnixMs: 0,
    reasons: new Map([['timed out', 1]]),
    samples: {
      count,
      intendedMs,
      sentMs,
      firstByteMs: endMs.map((time) => time - 1),
      endMs: endMs.with(count - 1, Number.NaN),
      outcome: new Uint8Array(count).with(count - 1, 3),
      queueMs: new Float32Array(count).fill(Number.NaN),
      computeMs: new Float32Array(count).fill(4),
    },
  };
}
