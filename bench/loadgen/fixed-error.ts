import { makeSchedule } from '../../src/loadgen/arrivals/make-schedule.ts';
import { validityOf } from '../../src/loadgen/validity.ts';
import { startProcess } from '../lib/processes.ts';
import { quantile } from '../lib/quantile.ts';
import { type BenchRow, atMost, progress } from '../lib/report.ts';
import { generateFor, warmUp } from './generate.ts';
import { latenciesOf } from './latencies.ts';

const serviceMs = 100;

/** A server that takes 100 ms for each request: how far the reported median is from that. */
export async function benchFixedError(): Promise<BenchRow> {
  await using server = await startProcess([
    'bench/loadgen/server-process.ts',
    'fixed',
    String(serviceMs),
  ]);
  await using generator = await generateFor('http', server.port);
  await warmUp(server.port);
  const details: string[] = [];
  let worstMs = 0;
  for (const kind of ['constant', 'poisson'] as const) {
    progress(`fixed service of ${serviceMs} ms: ${kind} arrivals`);
    const times = { seed: 1, warmupMs: 2000, durationMs: 15_000 };
    const run = await generator.runOpenLoop(makeSchedule({ kind, rate: 20 }, times));
    const medianMs = quantile([...latenciesOf(run)], 0.5);
    worstMs = Math.max(worstMs, Math.abs(medianMs - serviceMs));
    details.push(
      `${kind} p50 ${medianMs.toFixed(2)} ms, lag p99 ${validityOf(run).lagP99Ms.toFixed(2)} ms`,
    );
  }
  return atMost('fixedErrorMs', worstMs, { bar: 1, detail: details.join('; ') });
}
