import { shareLowerBound, shareUpperBound } from '../../src/core/statistics/binomial.ts';
import { createRandom } from '../../src/core/statistics/random.ts';
import type { Slo } from '../../src/core/slo.ts';
import type { LoadRun } from '../../src/loadgen/samples.ts';
import { judge } from '../../src/loadgen/verdict/judge.ts';
import type { Verdict } from '../../src/loadgen/verdict/verdict.ts';
import { type BenchRow, atMost, progress } from '../lib/report.ts';
import {
  type SimulatedServer,
  createBatchingServer,
  createSingleServer,
  poissonTimes,
  simulateRun,
} from './simulated-server.ts';

const confidence = 0.95;
const quantile = 0.99;
const proofsPerCase: Readonly<Record<Truth, number>> = {
  held: 20,
  broken: 20,
  farHeld: 5,
  farBroken: 5,
};
const utilisations = [0.5, 0.6, 0.7, 0.8, 0.9];
/**
 * How many requests miss in truth, as multiples of what the SLO allows: a hair on either side, where
 * a wrong verdict is likeliest, and where a right one can be asked for.
 */
const truths = { held: 0.97, broken: 1.03, farHeld: 0.3, farBroken: 3 } as const;

type Truth = keyof typeof truths;

const runCount = 3;
const requestsPerRun = 10_000;

interface Proof {
  readonly truth: Truth;
  readonly judged: Verdict['kind'];
  readonly binomial: Verdict['kind'];
}

/** Simulates proofs around the true threshold and counts the verdicts that are wrong. */
export function benchCalibration(): BenchRow[] {
  const servers = [
    createSingleServer(10),
    createBatchingServer({ baseMs: 10, eachMs: 5, maxBatch: 8 }),
  ];
  const proofs = servers.flatMap((server) =>
    utilisations.flatMap((utilisation, place) => {
      progress(`proofs of ${server.name} at utilisation ${utilisation}`);
      const ratePerMs = utilisation * server.capacityPerMs;
      return simulateProofs({ server, ratePerMs, seed: (place + 1) * 100_000 });
    }),
  );
  const of = (...wanted: Truth[]): Proof[] => proofs.filter(({ truth }) => wanted.includes(truth));
  const bar = Number((1 - confidence).toPrecision(12));
  const detail = (some: readonly Proof[]): string =>
    `${written(some, 'judged')}; by the binomial bound alone ${written(some, 'binomial')}`;
  const isRight = ({ truth, judged }: Proof): boolean =>
    judged === (truth === 'farHeld' ? 'proved' : 'refuted');
  const far = of('farHeld', 'farBroken');
  return [
    atMost(
      'wrongProved',
      share(of('broken'), ({ judged }) => judged === 'proved'),
      {
        bar,
        detail: detail(of('broken')),
      },
    ),
    atMost(
      'wrongRefuted',
      share(of('held'), ({ judged }) => judged === 'refuted'),
      {
        bar,
        detail: detail(of('held')),
      },
    ),
    {
      name: 'rightlyDecided',
      value: share(far, isRight),
      bar: '',
      isMet: undefined,
      detail: `a third of the misses allowed: ${detail(of('farHeld'))}; three times: ${detail(of('farBroken'))}`,
    },
  ];
}

interface SimulatedCase {
  readonly server: SimulatedServer;
  readonly ratePerMs: number;
  readonly seed: number;
}

function simulateProofs({ server, ratePerMs, seed }: SimulatedCase): Proof[] {
  const missAt = trueMisses(server, ratePerMs);
  return (Object.keys(truths) as Truth[]).flatMap((truth, place) => {
    const limitMs = missAt(truths[truth] * (1 - quantile));
    const slo: Slo = { latency: [{ metric: 'latency', quantile, limitMs }] };
    return Array.from({ length: proofsPerCase[truth] }, (_, proof): Proof => {
      const durationMs = requestsPerRun / ratePerMs;
      const runs = Array.from({ length: runCount }, (__, run) => {
        const random = createRandom(seed + place * 10_000 + proof * 10 + run);
        return simulateRun(server, { random, ratePerMs, warmupMs: durationMs / 10, durationMs });
      });
      const { kind } = judge(runs, slo, confidence, runCount * durationMs);
      return { truth, judged: kind, binomial: binomialVerdict(runs, limitMs) };
    });
  });
}

/** The verdict of the exact bound that takes requests as independent, looked at once. */
function binomialVerdict(runs: readonly LoadRun[], limitMs: number): Verdict['kind'] {
  let [requestCount, missCount] = [0, 0];
  for (const { samples, warmupMs } of runs) {
    for (let row = 0; row < samples.count; row += 1) {
      const atMs = samples.intendedMs[row] ?? 0;
      if (atMs < warmupMs) continue;
      requestCount += 1;
      if ((samples.endMs[row] ?? 0) - atMs > limitMs) missCount += 1;
    }
  }
  const alpha = 1 - confidence;
  if (shareUpperBound(missCount, requestCount, alpha) < 1 - quantile) return 'proved';
  if (shareLowerBound(missCount, requestCount, alpha) > 1 - quantile) return 'refuted';
  return 'notEnoughData';
}

const binMs = 0.02;

/** The latency that a share of the requests exceeds in the long run. */
function trueMisses(server: SimulatedServer, ratePerMs: number): (missShare: number) => number {
  const idleShare = 1 - ratePerMs / server.capacityPerMs;
  // Requests resemble each other over about the inverse square of the idle share.
  const chunkCount = Math.ceil(1 / idleShare ** 2);
  const bins = new Uint32Array(1_000_000);
  let total = 0;
  for (let chunk = 0; chunk < chunkCount; chunk += 1) {
    const random = createRandom(chunk + 0.5);
    const latencies = server.latenciesMs(poissonTimes(random, ratePerMs, 1_000_000 / ratePerMs));
    for (const latencyMs of latencies.subarray(50_000)) {
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

function share(proofs: readonly Proof[], matches: (proof: Proof) => boolean): number {
  return proofs.filter(matches).length / proofs.length;
}

function written(proofs: readonly Proof[], by: 'judged' | 'binomial'): string {
  const countOf = (kind: Verdict['kind']): number =>
    proofs.filter((proof) => proof[by] === kind).length;
  return `${countOf('proved')} proved, ${countOf('refuted')} refuted, ${countOf('notEnoughData')} open`;
}
