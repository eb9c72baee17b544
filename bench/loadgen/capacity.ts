import { makeSchedule } from '../../src/loadgen/arrivals/make-schedule.ts';
import type { Generators } from '../../src/loadgen/process/start-generators.ts';
import { type JudgedLoad, planHighestLoad } from '../../src/loadgen/search/highest-load.ts';
import { outcomes } from '../../src/loadgen/samples.ts';
import { validityOf } from '../../src/loadgen/validity.ts';
import { startProcess } from '../lib/processes.ts';
import { type BenchRow, atLeast, progress } from '../lib/report.ts';
import { generateFor } from './generate.ts';

const ok = outcomes.indexOf('ok');
const times = { warmupMs: 1000, durationMs: 3000 };

/** What else the machine does only makes a generator late: a rate counts when one run in so many is on time. */
const maxRuns = 3;

interface Attempt {
  readonly rate: number;
  readonly run: number;
  readonly lagP99Ms: number;
  /** Whether all was sent on time, and answered. */
  readonly isGood: boolean;
}

/** The highest Poisson rate that one generator process sends on time to a server that does nothing. */
export async function benchCapacity(protocol: 'http' | 'grpc', bar: number): Promise<BenchRow> {
  await using server = await startProcess(['bench/loadgen/server-process.ts', protocol]);
  await using generator = await generateFor(protocol, server.port);
  const attempts: Attempt[] = [];
  const search = { startLoad: bar, minLoad: 100, maxLoad: 200_000, precision: 0.1, isWhole: false };
  for (;;) {
    const judged: JudgedLoad[] = attempts.map(({ rate, isGood }) => ({
      load: rate,
      isWithin: isGood,
    }));
    const step = planHighestLoad(judged, search);
    if (step.kind === 'found') return rowOf(protocol, bar, { attempts, rate: step.within ?? 0 });
    attempts.push(await measure(generator, step.load));
    progress(`capacity over ${protocol}: ${describe(attempts.at(-1))}`);
  }
}

async function measure(generator: Generators, rate: number): Promise<Attempt> {
  for (let run = 1; ; run += 1) {
    const schedule = makeSchedule({ kind: 'poisson', rate }, { seed: run, ...times });
    const measured = await generator.runOpenLoop(schedule);
    const { valid, lagP99Ms } = validityOf(measured);
    const isGood = valid && measured.samples.outcome.every((outcome) => outcome === ok);
    if (isGood || run === maxRuns) return { rate, run, lagP99Ms, isGood };
  }
}

function rowOf(
  protocol: 'http' | 'grpc',
  bar: number,
  { attempts, rate }: { readonly attempts: readonly Attempt[]; readonly rate: number },
): BenchRow {
  const name = protocol === 'http' ? 'capacityHttp' : 'capacityGrpc';
  const detail = describe(attempts.findLast((it) => it.rate === rate && it.isGood));
  return atLeast(name, rate, { bar, detail });
}

function describe(attempt: Attempt | undefined): string {
  if (attempt === undefined) return 'no rate was sent on time';
  const { rate, run, lagP99Ms, isGood } = attempt;
  return `${Math.round(rate)}/s ${isGood ? 'reached' : 'not reached'} with a lag p99 of ${lagP99Ms.toFixed(3)} ms in run ${run} of ${maxRuns}`;
}
