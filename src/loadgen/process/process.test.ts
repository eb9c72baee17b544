import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LoadRun, type Schedule, outcomes } from '../samples.ts';
import { createProgressMerger } from './merge-progress.ts';
import { mergeRuns } from './merge-runs.ts';
import { splitLoad } from './split-load.ts';

const times = { seed: 1, warmupMs: 0, durationMs: 100 };
const ok = outcomes.indexOf('ok');

/** What one process measures: each request takes as many milliseconds and chunks as its input says. */
function runOf({ intendedMs, inputs = new Uint32Array() }: Schedule): LoadRun {
  const count = intendedMs.length;
  const starts = new Uint32Array(count + 1);
  for (const [row, input] of inputs.entries()) starts[row + 1] = (starts[row] ?? 0) + input;
  const chunks = [...inputs].flatMap((input) => Array.from({ length: input }, () => input));
  return {
    samples: {
      count,
      intendedMs,
      sentMs: intendedMs,
      firstByteMs: intendedMs,
      endMs: intendedMs.map((atMs, row) => atMs + (inputs[row] ?? 0)),
      outcome: new Uint8Array(count).fill(ok),
      queueMs: Float32Array.from(inputs),
      computeMs: Float32Array.from(inputs),
      stream: {
        starts,
        chunkMs: Float64Array.from(chunks),
        chunkTokens: Uint16Array.from(chunks),
        promptTokens: inputs,
        outputTokens: inputs,
      },
    },
    loop: 'open',
    warmupMs: 0,
    durationMs: 100,
    reasons: new Map([['reset', count]]),
    startedAtUnixMs: 0,
  };
}

test('a schedule that is split over processes comes back whole', () => {
  const requests = fc.array(fc.record({ atMs: fc.nat(50), input: fc.nat(3) }), { maxLength: 40 });
  fc.assert(
    fc.property(requests, fc.integer({ min: 1, max: 5 }), (given, count) => {
      const sorted = given.toSorted((a, b) => a.atMs - b.atMs);
      const schedule: Schedule = {
        ...times,
        intendedMs: Float64Array.from(sorted, ({ atMs }) => atMs),
        inputs: Uint32Array.from(sorted, ({ input }) => input),
      };
      const runs = splitLoad({ kind: 'open', schedule }, count).map((part) => {
        assert.ok(part.kind === 'open');
        return runOf(part.schedule);
      });
      const [first = runOf(schedule), ...rest] = runs;
      const merged = mergeRuns([first, ...rest]);
      // Requests of one moment may change places.
      const rows = ({ samples }: LoadRun): string[] =>
        Array.from(samples.intendedMs, (atMs, row) => {
          const { stream } = samples;
          const chunks = stream?.chunkMs.slice(stream.starts[row], stream.starts[row + 1]);
          return [atMs, samples.endMs[row], stream?.promptTokens[row], chunks?.join(' ')].join();
        }).sort();
      assert.deepEqual(rows(merged), rows(runOf(schedule)));
      assert.deepEqual(merged.samples.intendedMs, schedule.intendedMs);
      assert.deepEqual([...merged.reasons], [['reset', sorted.length]]);
    }),
  );
});

test('splitLoad() keeps the inputs that requests have by their places', () => {
  const schedule = { ...times, intendedMs: Float64Array.of(0, 1, 2) };
  const parts = splitLoad({ kind: 'open', schedule }, 2);
  assert.deepEqual(
    parts.map((part) => part.kind === 'open' && [...(part.schedule.inputs ?? [])]),
    [[0, 2], [1]],
  );
});

test('splitLoad() shares the places of a closed loop', () => {
  const loop = { concurrency: 5, warmupMs: 0, durationMs: 100 };
  const parts = splitLoad({ kind: 'closed', loop }, 2);
  assert.deepEqual(
    parts.map((part) => part.kind === 'closed' && part.loop.concurrency),
    [3, 2],
  );
});

test('createProgressMerger() tells of all processes at one time', () => {
  const seen: unknown[] = [];
  const take = createProgressMerger(2, ({ recentLatenciesMs, ...rest }) =>
    seen.push([rest, [...recentLatenciesMs]]),
  );
  const progress = (endedCount: number, latencies: readonly number[]) => ({
    elapsedMs: 10 * endedCount,
    totalMs: 100,
    begunCount: endedCount + 1,
    endedCount,
    failedCount: 1,
    recentLatenciesMs: Float64Array.from(latencies),
  });
  take(0, progress(1, [3]));
  assert.deepEqual(seen, []);
  take(1, progress(2, [4, 5]));
  take(0, progress(3, [6]));
  take(0, progress(4, []));
  const common = { totalMs: 100, failedCount: 2 };
  assert.deepEqual(seen, [
    [{ ...common, elapsedMs: 20, begunCount: 5, endedCount: 3 }, [3, 4, 5]],
    [{ ...common, elapsedMs: 30, begunCount: 7, endedCount: 5 }, [6]],
  ]);
});
