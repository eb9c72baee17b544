import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import { type StreamedAnswer, streamRun } from '../../testing/stream-run.ts';
import { tokenCountTable, tokenSentence, tokenTimeTable } from './llm-rows.ts';
import { type LlmSummary, summarizeLlm } from './summarize-llm.ts';

const chunks = [
  [50, 1],
  [60, 1],
  [90, 1],
] as const;

function summaryOf(answer: StreamedAnswer, slo?: string): LlmSummary {
  const summary = summarizeLlm(streamRun([answer]), slo === undefined ? undefined : parseSlo(slo));
  assert.ok(summary !== undefined);
  return summary;
}

test('the tables of tokens have their times, and how many there were', () => {
  const summary = summaryOf({ intendedMs: 0, chunks, endMs: 95, promptTokens: 12 });
  const { head, rows } = tokenTimeTable(summary);
  assert.deepEqual(head, ['ms', 'mean', 'p50', 'p90', 'p99', 'max']);
  assert.deepEqual(
    rows.map(([name, mean]) => [name, mean]),
    [
      ['time to first token (TTFT)', '50.0'],
      ['between chunks (ITL)', '20.0'],
      ['per output token (TPOT)', '20.0'],
      ['whole answer (E2E)', '95.0'],
    ],
  );
  assert.deepEqual(tokenCountTable(summary).rows, [
    ['in the prompt', '12', '12', '12', '12', '12'],
    ['in the answer', '3', '3', '3', '3', '3'],
  ]);
});

test('tokenSentence() says who counted, and what kept to all limits', () => {
  const counted = { intendedMs: 0, chunks, outputTokens: 5 };
  assert.equal(
    tokenSentence(summaryOf(counted, 'ttft.p99=50ms')),
    '5 output tokens/s, 100 to each user; tokens as the server counted them (usage); goodput 1 answers/s within all limits, 1 of 1',
  );
  assert.match(
    tokenSentence(summaryOf({ intendedMs: 0, chunks })),
    /a token for each chunk, since the server counted none \(chunks\)$/,
  );
  const embedding = { intendedMs: 0, endMs: 10, promptTokens: 7 };
  assert.equal(tokenSentence(summaryOf(embedding)), 'no output tokens');
});
