import type { LlmSummary } from '../../loadgen/llm/summarize-llm.ts';
import { millisecondsText, rateText } from '../../loadgen/summary/format-number.ts';
import { quantileValue } from '../../loadgen/summary/distribution.ts';
import type { TextTable } from '../../loadgen/summary/summary-rows.ts';

const shownQuantiles = [0.5, 0.9, 0.99];

const names = {
  ttftMs: 'time to first token (TTFT)',
  itlMs: 'between chunks (ITL)',
  tpotMs: 'per output token (TPOT)',
} as const;

/** The times of tokens, in milliseconds. */
export function tokenTable(summary: LlmSummary): TextTable {
  const fields = Object.keys(names) as (keyof typeof names)[];
  const rows = fields.flatMap((field) => {
    const distribution = summary[field];
    if (distribution === undefined) return [];
    const quantiles = shownQuantiles.map((quantile) => quantileValue(distribution, quantile));
    return [
      [names[field], ...[distribution.mean, ...quantiles, distribution.max].map(millisecondsText)],
    ];
  });
  return { head: ['ms', 'mean', 'p50', 'p90', 'p99', 'max'], rows };
}

/** Tokens a second, and answers that kept to every limit. */
export function tokenSentence({
  tokensPerSecond,
  tokensPerSecondPerUser,
  goodput,
}: LlmSummary): string {
  const each =
    tokensPerSecondPerUser === undefined
      ? ''
      : `, ${rateText(tokensPerSecondPerUser.mean)} to each user`;
  const good =
    goodput === undefined
      ? ''
      : `; goodput ${rateText(goodput.goodPerSecond)} answers/s within all limits, ${goodput.goodCount} of ${goodput.requestCount}`;
  return `${rateText(tokensPerSecond)} output tokens/s${each}${good}`;
}
