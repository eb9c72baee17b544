import { quantileValue } from '../summary/distribution.ts';
import { millisecondsText, rateText } from '../summary/format-number.ts';
import type { Distribution } from '../summary/load-summary.ts';
import type { TextTable } from '../summary/summary-rows.ts';
import type { LlmSummary } from './summarize-llm.ts';

const shownQuantiles = [0.5, 0.9, 0.99];
const columns = ['mean', 'p50', 'p90', 'p99', 'max'];

const timeNames = {
  ttftMs: 'time to first token (TTFT)',
  itlMs: 'between chunks (ITL)',
  tpotMs: 'per output token (TPOT)',
  e2eMs: 'whole answer (E2E)',
} as const;

const countNames = { promptTokens: 'in the prompt', outputTokens: 'in the answer' } as const;

/** The times of tokens, in milliseconds. */
export function tokenTimeTable(summary: LlmSummary): TextTable {
  return {
    head: ['ms', ...columns],
    rows: rowsOf(summary, timeNames, millisecondsText),
  };
}

/** How many tokens there were, and who counted them. */
export function tokenCountTable(summary: LlmSummary): TextTable {
  return { head: ['tokens', ...columns], rows: rowsOf(summary, countNames, rateText) };
}

type Field = keyof typeof timeNames | keyof typeof countNames;

function rowsOf(
  summary: LlmSummary,
  names: Readonly<Partial<Record<Field, string>>>,
  format: (value: number) => string,
): string[][] {
  return Object.entries(names).flatMap(([field, name]) => {
    const distribution = summary[field as Field];
    return distribution === undefined ? [] : [[name, ...valuesOf(distribution).map(format)]];
  });
}

function valuesOf(distribution: Distribution): number[] {
  const quantiles = shownQuantiles.map((quantile) => quantileValue(distribution, quantile));
  return [distribution.mean, ...quantiles, distribution.max];
}

const countedBy = {
  usage: 'tokens as the server counted them (usage)',
  chunks: 'a token for each chunk, since the server counted none (chunks)',
  mixed: 'tokens as the server counted them, or one for each chunk where it did not (mixed)',
} as const satisfies Record<NonNullable<LlmSummary['tokenCounts']>, string>;

/** Tokens a second and where they were counted, and the answers that kept to every limit. */
export function tokenSentence(summary: LlmSummary): string {
  const { tokenCounts, tokensPerSecond, tokensPerSecondPerUser, goodput } = summary;
  const perUser = tokensPerSecondPerUser;
  const each = perUser === undefined ? '' : `, ${rateText(perUser.mean)} to each user`;
  const output =
    tokenCounts === undefined
      ? 'no output tokens'
      : `${rateText(tokensPerSecond)} output tokens/s${each}; ${countedBy[tokenCounts]}`;
  const good =
    goodput === undefined
      ? ''
      : `; goodput ${rateText(goodput.goodPerSecond)} answers/s within all limits, ${goodput.goodCount} of ${goodput.requestCount}`;
  return `${output}${good}`;
}
