import type { LoadRun } from '../samples.ts';
import { firstMeasuredRow } from '../summary/measured-rows.ts';
import { outputTokens } from './answer-times.ts';

/**
 * Where numbers of output tokens are from: the server's own count (`usage`); the chunks with text,
 * one token each, where the server tells none (`chunks`); or the one for some answers and the other
 * for others (`mixed`).
 */
export type TokenCounts = 'usage' | 'chunks' | 'mixed';

/** Where the tokens of the judged good answers were counted; `undefined` where they have none. */
export function tokenCountsOf(run: LoadRun): TokenCounts | undefined {
  const { samples } = run;
  let told = 0;
  let counted = 0;
  for (let row = firstMeasuredRow(run); row < samples.count; row += 1) {
    if (samples.outcome[row] !== 0 || outputTokens(samples, row) === 0) continue;
    if ((samples.stream?.outputTokens[row] ?? 0) > 0) told += 1;
    else counted += 1;
  }
  if (told === 0) return counted === 0 ? undefined : 'chunks';
  return counted === 0 ? 'usage' : 'mixed';
}
