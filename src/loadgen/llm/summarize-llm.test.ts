import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import { type StreamedAnswer, streamRun } from '../../testing/stream-run.ts';
import { summarizeLlm } from './summarize-llm.ts';

const answer: StreamedAnswer = {
  intendedMs: 100,
  chunks: [
    [150, 1],
    [160, 1],
    [190, 1],
  ],
  endMs: 195,
};

test('summarizeLlm() tells the times of tokens, and what kept to every limit', () => {
  const slow = { ...answer, intendedMs: 0 };
  const summary = summarizeLlm(streamRun([slow, answer]), parseSlo('ttft.p90=60ms,itl.p99=40ms'));
  assert.deepEqual([summary?.ttftMs?.min, summary?.ttftMs?.max], [50, 150]);
  assert.deepEqual([summary?.itlMs?.count, summary?.itlMs?.max], [4, 30]);
  assert.equal(summary?.tpotMs?.mean, 20);
  assert.deepEqual([summary?.e2eMs?.min, summary?.e2eMs?.max], [95, 195]);
  assert.equal(summary?.outputTokens?.mean, 3);
  assert.equal(summary?.promptTokens, undefined);
  assert.deepEqual([summary?.goodput?.goodCount, summary?.goodput?.misses], [1, { ttft: 1 }]);
});

test('summarizeLlm() has nothing to tell of answers that are no streams', () => {
  const run = streamRun([answer]);
  const { stream: _, ...samples } = run.samples;
  assert.equal(summarizeLlm({ ...run, samples }, undefined), undefined);
  assert.equal(summarizeLlm(run, undefined)?.goodput, undefined);
});

test('summarizeLlm() tells where tokens were counted', () => {
  const counted = { ...answer, promptTokens: 7, outputTokens: 4 };
  const failed = { ...answer, outcome: 'failed' as const };
  const empty = { intendedMs: 0, endMs: 10 };
  for (const [answers, tokenCounts] of [
    [[answer, failed], 'chunks'],
    [[counted, failed, empty], 'usage'],
    [[counted, answer], 'mixed'],
    [[failed, empty], undefined],
  ] as const) {
    assert.equal(summarizeLlm(streamRun(answers), undefined)?.tokenCounts, tokenCounts);
  }
  const summary = summarizeLlm(streamRun([counted, answer, failed]), undefined);
  assert.deepEqual([summary?.promptTokens?.count, summary?.promptTokens?.max], [1, 7]);
  assert.deepEqual([summary?.outputTokens?.min, summary?.outputTokens?.max], [3, 4]);
});

test('summarizeLlm() has no output tokens of answers that bring none', () => {
  const embedding = { intendedMs: 0, endMs: 10, promptTokens: 7 };
  const summary = summarizeLlm(streamRun([embedding]), undefined);
  assert.deepEqual(
    [summary?.promptTokens?.mean, summary?.e2eMs?.mean, summary?.outputTokens],
    [7, 10, undefined],
  );
});
