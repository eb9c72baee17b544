import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type StreamedAnswer, streamRun } from '../../testing/stream-run.ts';
import {
  firstTokenMs,
  longestGapMs,
  outputTokens,
  perTokenMs,
  sortedGapsMs,
  userTokensPerSecond,
} from './answer-times.ts';
import { outputTokensPerSecond } from './token-rate.ts';

const answer: StreamedAnswer = {
  intendedMs: 100,
  chunks: [
    [150, 1],
    [160, 1],
    [190, 1],
  ],
  endMs: 195,
};

test('times of an answer count from when it was wanted', () => {
  const { samples } = streamRun([answer]);
  assert.equal(firstTokenMs(samples, 0), 50);
  assert.equal(perTokenMs(samples, 0), 20);
  assert.equal(userTokensPerSecond(samples, 0), 50);
  assert.equal(longestGapMs(samples, 0), 30);
  assert.equal(outputTokens(samples, 0), 3);
});

test('tokens are those the server counted, where it did', () => {
  const { samples } = streamRun([{ ...answer, outputTokens: 5 }]);
  assert.equal(outputTokens(samples, 0), 5);
  assert.equal(perTokenMs(samples, 0), 10);
});

test('an answer of one token has a time to it and none between tokens', () => {
  const { samples } = streamRun([
    { intendedMs: 0, chunks: [[10, 1]] },
    { intendedMs: 0, endMs: 10 },
    { intendedMs: 0, chunks: [[10, 1]], outputTokens: 4 },
  ]);
  assert.equal(firstTokenMs(samples, 0), 10);
  for (const row of [0, 1, 2]) {
    assert.ok(Number.isNaN(perTokenMs(samples, row)));
    assert.ok(Number.isNaN(longestGapMs(samples, row)));
  }
  assert.ok(Number.isNaN(firstTokenMs(samples, 1)));
});

test('sortedGapsMs() has every gap of good answers after the warm-up', () => {
  const later = { ...answer, intendedMs: 120 };
  const answers = [answer, { ...later, outcome: 'failed' as const }, later];
  assert.deepEqual([...sortedGapsMs(streamRun(answers))], [10, 10, 30, 30]);
  assert.deepEqual([...sortedGapsMs(streamRun(answers, { warmupMs: 110 }))], [10, 30]);
});

test('outputTokensPerSecond() counts what came in the judged time', () => {
  const chunks = [
    [500, 1],
    [1500, 1],
    [2500, 2],
  ] as const;
  const measured = { warmupMs: 1000, durationMs: 2000 };
  assert.equal(outputTokensPerSecond(streamRun([{ intendedMs: 0, chunks }], measured)), 1.5);
  const counted = { intendedMs: 0, chunks, outputTokens: 8 };
  assert.equal(outputTokensPerSecond(streamRun([counted], measured)), 3);
  const whole = { intendedMs: 0, endMs: 1200, outputTokens: 10 };
  assert.equal(outputTokensPerSecond(streamRun([whole, { ...whole, endMs: 999 }], measured)), 5);
});

test('the gaps of an answer add up to its time, and none is longer than the longest', () => {
  const gaps = fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.nat(1000), gaps, (intendedMs, own) => {
      let atMs = intendedMs;
      const chunks = own.map((gap) => [(atMs += gap), 1] as const);
      const run = streamRun([{ intendedMs, chunks }]);
      const [first = 0, ...rest] = own;
      assert.equal(firstTokenMs(run.samples, 0), first);
      assert.deepEqual(
        [...sortedGapsMs(run)],
        rest.toSorted((a, b) => a - b),
      );
      if (rest.length === 0) return;
      const total = rest.reduce((sum, gap) => sum + gap, 0);
      assert.equal(longestGapMs(run.samples, 0), Math.max(...rest));
      assert.equal(perTokenMs(run.samples, 0), total / rest.length);
    }),
  );
});
