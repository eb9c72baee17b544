import type { Slo } from '../../src/core/slo.ts';
import { validityOf } from '../../src/loadgen/validity.ts';
import { runProof } from '../../src/loadgen/search/run-proof.ts';
import { createJudge } from '../../src/loadgen/verdict/judge.ts';
import type { Verdict } from '../../src/loadgen/verdict/verdict.ts';
import { createRandom } from '../../src/core/statistics/random.ts';
import { type BenchRow, atLeast, atMost, progress } from '../lib/report.ts';
import { binomialVerdict } from './binomial-verdict.ts';
import { createBatchingServer, createSingleServer, simulateRun } from './simulated-server.ts';
import type { SimulatedServer } from './simulated-server.ts';
import { trueMisses } from './true-misses.ts';

const confidence = 0.95;
const quantile = 0.99;
const utilisations = [0.5, 0.6, 0.7, 0.8, 0.9];
const requestsPerProof = 20_000;

/**
 * How many requests miss in truth, as multiples of what the SLO allows, and how many proofs of it
 * each cell makes: a hair on either side, where a wrong verdict is likeliest; and further away, where
 * a right one can be asked for.
 */
const truths = {
  held: { misses: 0.97, proofCount: 30 },
  broken: { misses: 1.03, proofCount: 100 },
  wellHeld: { misses: 0.3, proofCount: 6 },
  wellBroken: { misses: 3, proofCount: 6 },
} as const;

type Truth = keyof typeof truths;

/** A server at a utilisation. */
interface Cell {
  readonly server: SimulatedServer;
  readonly utilisation: number;
  readonly ratePerMs: number;
  readonly seed: number;
}

interface Proof {
  /** The cell. */
  readonly of: string;
  readonly truth: Truth;
  readonly judged: Verdict['kind'];
  readonly binomial: Verdict['kind'];
  readonly isRising: boolean;
}

/**
 * Simulates proofs around the true threshold, by the plan and the judgement of `headway prove`, and
 * counts the verdicts that are wrong: in the worst cell, so that one where they are frequent cannot
 * hide among the others.
 */
export async function benchCalibration(): Promise<BenchRow[]> {
  const servers = [
    createSingleServer(10),
    createBatchingServer({ baseMs: 10, eachMs: 5, maxBatch: 8 }),
  ];
  const proofs: Proof[] = [];
  for (const server of servers) {
    for (const [place, utilisation] of utilisations.entries()) {
      progress(`proofs of ${server.name} at utilisation ${utilisation}`);
      const ratePerMs = utilisation * server.capacityPerMs;
      const seed = (place + 1) * 100_000;
      proofs.push(...(await simulateProofs({ server, utilisation, ratePerMs, seed })));
    }
  }
  const wellApart = proofs.filter(({ truth }) => truth === 'wellHeld' || truth === 'wellBroken');
  const isRight = ({ truth, judged }: Proof): boolean =>
    judged === (truth === 'wellHeld' ? 'proved' : 'refuted');
  return [
    wrongRow(
      'wrongProved',
      proofs.filter(({ truth }) => truth === 'broken'),
      'proved',
    ),
    wrongRow(
      'wrongRefuted',
      proofs.filter(({ truth }) => truth === 'held'),
      'refuted',
    ),
    atLeast('rightlyDecided', shareOf(wellApart, isRight), {
      bar: 0.6,
      detail: [
        `a third of the misses allowed: ${written(proofs, 'wellHeld')}`,
        `three times: ${written(proofs, 'wellBroken')}`,
      ].join('; '),
    }),
  ];
}

/** The share of verdicts that are wrong, in the cell where they are the most. */
function wrongRow(name: string, proofs: readonly Proof[], wrong: Verdict['kind']): BenchRow {
  const cells = Map.groupBy(proofs, ({ of }) => of);
  const [worst = '', inWorst = []] =
    [...cells].sort(([, a], [, b]) => count(b, 'judged', wrong) - count(a, 'judged', wrong))[0] ??
    [];
  const of = (by: 'judged' | 'binomial'): string =>
    `${count(proofs, by, wrong)} of ${proofs.length} proofs`;
  return atMost(name, count(inWorst, 'judged', wrong) / inWorst.length, {
    bar: Number((1 - confidence).toPrecision(12)),
    detail: `in the worst cell, ${worst}; in all ${of('judged')}, by the binomial bound alone ${of('binomial')}`,
  });
}

async function simulateProofs(cell: Cell): Promise<Proof[]> {
  const { server, utilisation, ratePerMs, seed } = cell;
  const missAt = trueMisses(server, ratePerMs);
  const plannedMs = requestsPerProof / ratePerMs;
  const warmupMs = plannedMs / 60;
  const proofs: Proof[] = [];
  for (const [place, truth] of (Object.keys(truths) as Truth[]).entries()) {
    const { misses, proofCount } = truths[truth];
    const limitMs = missAt(misses * (1 - quantile));
    const latency = [{ metric: 'latency', quantile, limitMs }] as const;
    const slo: Slo = { ratePerSecond: ratePerMs * 1_000, latency };
    for (let proof = 0; proof < proofCount; proof += 1) {
      const { verdict, runs } = await runProof<Verdict>(
        { plannedMs, firstSeed: seed + place * 10_000 + proof * 100 },
        {
          async measure({ durationMs, seed: ofSeed }) {
            const random = createRandom(ofSeed);
            return simulateRun(server, { random, ratePerMs, warmupMs, durationMs });
          },
          ...createJudge({ slo, confidence, plannedMs }),
          invalidReasons: (run) => validityOf(run).reasons,
          onSetAside() {},
          isStopped: () => false,
        },
      );
      proofs.push({
        of: `${server.name} at utilisation ${utilisation}`,
        truth,
        judged: verdict.kind,
        binomial: binomialVerdict(runs, { limitMs, quantile, confidence }),
        isRising: verdict.kind === 'notEnoughData' && verdict.isRising,
      });
    }
  }
  return proofs;
}

function count(proofs: readonly Proof[], by: 'judged' | 'binomial', kind: Verdict['kind']): number {
  return proofs.filter((proof) => proof[by] === kind).length;
}

function shareOf(proofs: readonly Proof[], matches: (proof: Proof) => boolean): number {
  return proofs.filter(matches).length / proofs.length;
}

function written(proofs: readonly Proof[], truth: Truth): string {
  const some = proofs.filter((proof) => proof.truth === truth);
  const kinds = (['proved', 'refuted', 'notEnoughData'] as const).map((kind) =>
    count(some, 'judged', kind),
  );
  const rising = some.filter(({ isRising }) => isRising).length;
  return `${kinds[0]} proved, ${kinds[1]} refuted, ${kinds[2]} open of which ${rising} rising`;
}
