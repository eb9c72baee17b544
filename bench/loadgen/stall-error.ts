import { makeSchedule } from '../../src/loadgen/arrivals/make-schedule.ts';
import type { Schedule } from '../../src/loadgen/samples.ts';
import { startProcess } from '../lib/processes.ts';
import { quantile } from '../lib/quantile.ts';
import { type BenchRow, atMost, progress } from '../lib/report.ts';
import { generateFor } from './generate.ts';
import { latenciesOf } from './latencies.ts';

const stallMs = 1400;
const rate = 200;
const durationMs = 30_000;
const stalledRequest = 3000;

/** A server that stands still once: how far the reported p99 is from what the schedule says. */
export async function benchStallError(): Promise<BenchRow> {
  progress(`a server that stands still for ${stallMs} ms once in ${durationMs / 1000} s`);
  const args = ['stall', String(stalledRequest), String(stallMs)];
  await using server = await startProcess(['bench/loadgen/server-process.ts', ...args]);
  await using generator = await generateFor('http', server.port);
  const schedule = makeSchedule({ kind: 'poisson', rate }, { seed: 1, warmupMs: 0, durationMs });
  const measuredMs = quantile([...latenciesOf(await generator.runOpenLoop(schedule))], 0.99);
  const trueMs = quantile(expectedLatencies(schedule), 0.99);
  return atMost('stallError', Math.abs(measuredMs - trueMs) / trueMs, {
    bar: 0.05,
    detail: `p99 ${measuredMs.toFixed(1)} ms, by the schedule ${trueMs.toFixed(1)} ms`,
  });
}

/** Each request that comes while the server stands still waits for the end of that. */
function expectedLatencies({ intendedMs }: Schedule): number[] {
  const beginMs = intendedMs[stalledRequest] ?? Infinity;
  return Array.from(intendedMs, (atMs) =>
    atMs < beginMs ? 0 : Math.max(0, beginMs + stallMs - atMs),
  );
}
