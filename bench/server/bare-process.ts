import process from 'node:process';
import { openBareSession } from './bare-session.ts';

/** What the process can be asked for. */
export type BareQuestion =
  /** CPU seconds for 1,000 items, running batches of this size for this long. */
  | { readonly kind: 'cpu'; readonly batchSize: number; readonly durationMs: number }
  /** Median time of one run of one item, in milliseconds. */
  | { readonly kind: 'latency'; readonly runCount: number };

const session = await openBareSession(process.argv[2] ?? '');
const firstRun = session.prepare(1);
const startMs = performance.now();
firstRun.runHere();
const coldMs = session.creationMs + performance.now() - startMs;

process.on('message', (question: BareQuestion) => {
  process.send?.(question.kind === 'cpu' ? cpuPerThousand(question) : latency(question.runCount));
});
process.send?.({ port: 0, coldMs });

function cpuPerThousand({ batchSize, durationMs }: Extract<BareQuestion, { kind: 'cpu' }>): number {
  const run = session.prepare(batchSize);
  run.runHere();
  const before = process.cpuUsage();
  const endMs = performance.now() + durationMs;
  let itemCount = 0;
  while (performance.now() < endMs) {
    run.runHere();
    itemCount += batchSize;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / (itemCount / 1000);
}

function latency(runCount: number): number {
  const run = session.prepare(1);
  const samplesMs = Array.from({ length: runCount }, () => {
    const beforeMs = performance.now();
    run.runHere();
    return performance.now() - beforeMs;
  });
  return samplesMs.toSorted((a, b) => a - b)[runCount >> 1] ?? Number.NaN;
}
