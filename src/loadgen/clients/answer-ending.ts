import type { RequestDetail } from '../load-client.ts';
import type { Outcome } from '../samples.ts';

/** How a request ended, for the last call of its progress. */
export interface AnswerEnding {
  readonly outcome: Outcome;
  readonly detail: RequestDetail;
}

const longestReason = 160;

/** An ending that is not good; long reasons are cut short. */
export function badEnding(outcome: Outcome, reason: string): AnswerEnding {
  const shown = reason.length > longestReason ? `${reason.slice(0, longestReason - 1)}…` : reason;
  return { outcome, detail: { reason: shown } };
}

/** What a status other than 200 to 299 means: whether the server refused the load, or failed. */
export function outcomeOfStatus(status: number): Outcome {
  if (status === 429 || status === 503) return 'rejected';
  return status === 408 || status === 504 ? 'timeout' : 'failed';
}
