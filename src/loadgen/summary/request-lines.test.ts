import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRun } from '../../testing/load-run.ts';
import { requestLines } from './request-lines.ts';

test('requestLines() writes every request, without what it has not', () => {
  const run = loadRun(
    [
      { intendedMs: 0.12345, endMs: 5.5, queueMs: 0.25, computeMs: 1.5 },
      { intendedMs: 2, sentMs: NaN, firstByteMs: NaN, endMs: NaN, outcome: 'dropped' },
    ],
    { warmupMs: 1 },
  );
  const lines = [...requestLines(run)].map((line): unknown => JSON.parse(line));
  assert.deepEqual(lines, [
    {
      index: 0,
      isWarmup: true,
      outcome: 'ok',
      intendedMs: 0.123,
      sentMs: 0.123,
      firstByteMs: 5.5,
      endMs: 5.5,
      queueMs: 0.25,
      computeMs: 1.5,
    },
    { index: 1, outcome: 'dropped', intendedMs: 2 },
  ]);
});

test('requestLines() writes when each chunk of a stream came', () => {
  const run = loadRun([
    { intendedMs: 0, endMs: 9, chunkMs: [3, 6, 9] },
    { intendedMs: 1, endMs: 2, outcome: 'failed' },
  ]);
  const [first, second] = [...requestLines(run)];
  assert.match(
    String(first),
    /"chunkMs":\[3,6,9\],"chunkTokens":\[1,1,1\],"promptTokens":10,"outputTokens":3}/,
  );
  assert.match(String(second), /"chunkMs":\[\],"chunkTokens":\[\]/);
});
