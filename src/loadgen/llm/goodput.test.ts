import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import { type StreamedAnswer, streamRun } from '../../testing/stream-run.ts';
import { goodputOf } from './goodput.ts';

/** An answer of one token a chunk; `atMs` counts from when it was wanted. */
function answerOf(intendedMs: number, ...atMs: readonly number[]): StreamedAnswer {
  return { intendedMs, chunks: atMs.map((each) => [intendedMs + each, 1]) };
}

describe('goodputOf()', () => {
  test('counts answers that keep to every limit at once', () => {
    const answers: readonly StreamedAnswer[] = [
      answerOf(100, 50, 60, 90),
      answerOf(200, 100, 110),
      answerOf(300, 10, 60),
      answerOf(400, 10),
      { intendedMs: 500, endMs: 510 },
      { intendedMs: 600, outcome: 'failed', endMs: 601 },
    ];
    const run = streamRun(answers, { durationMs: 2000 });
    assert.deepEqual(goodputOf(run, parseSlo('ttft.p99=60ms,itl.p99=30ms,tpot.p99=40ms')), {
      limitsMs: { ttft: 60, itl: 30, tpot: 40 },
      requestCount: 6,
      goodCount: 2,
      goodPerSecond: 1,
      misses: { ttft: 2, itl: 1, tpot: 1 },
    });
    assert.equal(goodputOf(run, parseSlo('p99=89ms')).goodCount, 3);
  });

  test('holds a request against the loosest limit of each time', () => {
    const run = streamRun([answerOf(0, 50), answerOf(100, 300), answerOf(200, 600)]);
    for (const text of ['ttft.p50=100ms,ttft.p99=500ms', 'ttft.p99=500ms,ttft.p50=100ms']) {
      const { limitsMs, goodCount, misses } = goodputOf(run, parseSlo(text));
      assert.deepEqual([limitsMs, goodCount, misses], [{ ttft: 500 }, 2, { ttft: 1 }]);
    }
  });

  test('takes the limits of different times apart', () => {
    const run = streamRun([answerOf(0, 50, 90), answerOf(100, 150, 160)]);
    const slo = parseSlo('ttft.p50=40ms,ttft.p99=100ms,p50=50ms,p99=100ms');
    assert.deepEqual(goodputOf(run, slo).misses, { ttft: 1, latency: 1 });
  });
});
