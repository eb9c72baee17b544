import type { Slo } from '../../core/slo.ts';
import type { LoadRun } from '../samples.ts';
import { distributionOf } from '../summary/distribution.ts';
import type { Distribution } from '../summary/load-summary.ts';
import { latencyMs, sortedTimes } from '../summary/measured-rows.ts';
import {
  firstTokenMs,
  outputTokens,
  perTokenMs,
  promptTokens,
  sortedGapsMs,
  userTokensPerSecond,
} from './answer-times.ts';
import { type Goodput, goodputOf } from './goodput.ts';
import { type TokenCounts, tokenCountsOf } from './token-counts.ts';
import { outputTokensPerSecond } from './token-rate.ts';

/** What a run against a language model measured, of good answers after the warm-up. */
export interface LlmSummary {
  /** Where the numbers of output tokens are from; absent where no answer has any. */
  readonly tokenCounts?: TokenCounts;
  /** Of each request, as the server counted them; absent where it did not. */
  readonly promptTokens?: Distribution;
  /** Of each answer; absent where none has any, as with embeddings. */
  readonly outputTokens?: Distribution;
  /** From the intended time to the first chunk with text. */
  readonly ttftMs?: Distribution;
  /** Every wait between two chunks, one value a wait. */
  readonly itlMs?: Distribution;
  /** Of each answer, from its first chunk to its last, over its tokens after the first. */
  readonly tpotMs?: Distribution;
  /** From the intended time to the end of the answer: the latency. */
  readonly e2eMs?: Distribution;
  /** Output tokens of each answer, once it has begun. */
  readonly tokensPerSecondPerUser?: Distribution;
  /** Output tokens of all answers together. */
  readonly tokensPerSecond: number;
  /** Answers that kept to every limit at once; absent without limits. */
  readonly goodput?: Goodput;
}

/**
 * Tells what a run against a language model measured.
 * @param slo of its limits, whatever their quantiles, each good answer keeps to the loosest.
 * @returns `undefined` for a run whose answers neither were streamed nor had their tokens counted.
 */
export function summarizeLlm(run: LoadRun, slo: Slo | undefined): LlmSummary | undefined {
  if (run.samples.stream === undefined) return undefined;
  const tokenCounts = tokenCountsOf(run);
  const perUser = sortedTimes(run, userTokensPerSecond, { onlyOk: true });
  const sorted = {
    promptTokens: sortedTimes(run, promptTokens, { onlyOk: true }),
    outputTokens:
      tokenCounts === undefined
        ? new Float64Array(0)
        : sortedTimes(run, outputTokens, { onlyOk: true }),
    ttftMs: sortedTimes(run, firstTokenMs, { onlyOk: true }),
    itlMs: sortedGapsMs(run),
    tpotMs: sortedTimes(run, perTokenMs, { onlyOk: true }),
    e2eMs: sortedTimes(run, latencyMs, { onlyOk: true }),
    tokensPerSecondPerUser: perUser.filter(Number.isFinite),
  };
  const distributions = Object.entries(sorted).flatMap(([name, values]) => {
    const distribution = distributionOf(values);
    return distribution === undefined ? [] : [[name, distribution] as const];
  });
  return {
    ...(tokenCounts === undefined ? {} : { tokenCounts }),
    ...Object.fromEntries(distributions),
    tokensPerSecond: outputTokensPerSecond(run),
    ...(slo === undefined ? {} : { goodput: goodputOf(run, slo) }),
  };
}
