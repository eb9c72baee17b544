import type { Slo } from '../../core/slo.ts';
import type { LoadRun } from '../samples.ts';
import { distributionOf } from '../summary/distribution.ts';
import type { Distribution } from '../summary/load-summary.ts';
import { sortedTimes } from '../summary/measured-rows.ts';
import {
  firstTokenMs,
  outputTokens,
  perTokenMs,
  sortedGapsMs,
  userTokensPerSecond,
} from './answer-times.ts';
import { type Goodput, goodputOf } from './goodput.ts';
import { outputTokensPerSecond } from './token-rate.ts';

/** What a run against a language model measured, of good answers after the warm-up. */
export interface LlmSummary {
  /** From the intended time to the first chunk with text. */
  readonly ttftMs?: Distribution;
  /** Every wait between two chunks, one value a wait. */
  readonly itlMs?: Distribution;
  /** Of each answer, from its first chunk to its last, over its tokens after the first. */
  readonly tpotMs?: Distribution;
  /** Of each answer, once it has begun. */
  readonly tokensPerSecondPerUser?: Distribution;
  readonly outputTokens?: Distribution;
  /** Of all answers together. */
  readonly tokensPerSecond: number;
  /** Answers that kept to every limit at once; absent without limits. */
  readonly goodput?: Goodput;
}

/**
 * Tells what a run against a language model measured.
 * @param slo of its limits, whatever their quantiles, each good answer keeps to the loosest.
 * @returns `undefined` for a run without streamed answers.
 */
export function summarizeLlm(run: LoadRun, slo: Slo | undefined): LlmSummary | undefined {
  if (run.samples.stream === undefined) return undefined;
  const sorted = {
    ttftMs: sortedTimes(run, firstTokenMs, { onlyOk: true }),
    itlMs: sortedGapsMs(run),
    tpotMs: sortedTimes(run, perTokenMs, { onlyOk: true }),
    tokensPerSecondPerUser: sortedTimes(run, userTokensPerSecond, { onlyOk: true }).filter(
      Number.isFinite,
    ),
    outputTokens: sortedTimes(run, outputTokens, { onlyOk: true }),
  };
  const distributions = Object.entries(sorted).flatMap(([name, values]) => {
    const distribution = distributionOf(values);
    return distribution === undefined ? [] : [[name, distribution] as const];
  });
  return {
    ...Object.fromEntries(distributions),
    tokensPerSecond: outputTokensPerSecond(run),
    ...(slo === undefined ? {} : { goodput: goodputOf(run, slo) }),
  };
}
