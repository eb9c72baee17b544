import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import { type LoadRun, outcomes } from '../samples.ts';
import { clauseSeries, missShare } from './clause-series.ts';

const none = Float32Array.from({ length: 5 }, () => Number.NaN);

/** One request in the warm-up; then three chunks, one chunk, one that failed, and one after the end. */
const run: LoadRun = {
  samples: {
    count: 5,
    intendedMs: Float64Array.of(5, 10, 20, 30, 110),
    sentMs: Float64Array.of(5, 11, 20, 30, 110),
    firstByteMs: Float64Array.of(6, 15, 40, Number.NaN, 111),
    endMs: Float64Array.of(6, 90, 41, 33, 112),
    outcome: Uint8Array.from(['ok', 'ok', 'ok', 'failed', 'ok'] as const, (name) =>
      outcomes.indexOf(name),
    ),
    queueMs: none,
    computeMs: none,
    stream: {
      starts: Uint32Array.of(0, 0, 3, 4, 4, 4),
      chunkMs: Float64Array.of(20, 30, 80, 40),
      chunkTokens: Uint16Array.of(1, 1, 2, 1),
      promptTokens: new Uint32Array(5),
      outputTokens: new Uint32Array(5),
    },
  },
  loop: 'open',
  warmupMs: 10,
  durationMs: 100,
  reasons: new Map(),
  startedAtUnixMs: 0,
};

function seriesOf(text: string) {
  const [clause] = parseSlo(text).latency;
  assert.ok(clause !== undefined);
  return clauseSeries(run, clause);
}

test('clauseSeries() counts from the intended time, and what failed as a miss', () => {
  const expected: [string, number[], number[], number[]][] = [
    ['p99=50ms', [1, 1, 1], [1, 0, 1], [80, 21, Infinity]],
    ['ttft.p99=15ms', [1, 1, 1], [0, 1, 1], [10, 20, Infinity]],
    ['tpot.p99=20ms', [1, 0, 1], [0, 0, 1], [20, 0, Infinity]],
  ];
  for (const [text, trialCounts, missCounts, worstMs] of expected) {
    const series = seriesOf(text);
    assert.deepEqual([...series.atMs], [0, 10, 20]);
    assert.deepEqual([...series.worstMs], worstMs, text);
    const counts = series.counts.map((of) => [[...of.trialCounts], [...of.missCounts]]);
    assert.deepEqual(counts, [[trialCounts, missCounts]], text);
  }
});

test('clauseSeries() counts requests that were not answered well apart from gaps', () => {
  const series = seriesOf('itl.p99=20ms');
  assert.deepEqual([...series.worstMs], [50, 0, Infinity]);
  const counts = series.counts.map((of) => [[...of.trialCounts], [...of.missCounts]]);
  assert.deepEqual(counts, [
    [
      [1, 1, 1],
      [0, 0, 1],
    ],
    [
      [2, 0, 0],
      [1, 0, 0],
    ],
  ]);
});

test('missShare() takes a request that failed for one whose gaps were all late', () => {
  // A third failed; of the gaps of the rest a half was late.
  assert.ok(Math.abs((missShare(seriesOf('itl.p99=20ms')) ?? 0) - 2 / 3) < 1e-12);
  assert.equal(missShare(seriesOf('p99=50ms')), 2 / 3);
  assert.equal(missShare(seriesOf('p99=50ms'), 3), undefined);
});
