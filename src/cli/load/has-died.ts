import { type LoadRun, outcomes } from '../../loadgen/samples.ts';

/** So many requests that nobody took, after the last answer: the server is gone. */
const goneRequests = 5;

/** Where requests are fewer, or only not answered in time, two and no answer for so long. */
const fewRequests = 2;
const silenceMs = 5_000;

const [disconnected, timeout, dropped, unfinished] = (
  ['disconnected', 'timeout', 'dropped', 'unfinished'] as const
).map((name) => outcomes.indexOf(name));

/**
 * Whether the server was gone at the end of a run: after its last answer, of whatever kind, requests
 * found nobody, or nobody who answered for seconds. A server that has too much to do answers some
 * requests between those that wait too long.
 */
export function hasDied({ samples }: LoadRun): boolean {
  const { count, endMs, outcome } = samples;
  let lastAnswerMs = 0;
  for (let row = 0; row < count; row += 1) {
    const ending = outcome[row];
    // Requests that were not sent, or cut off at the end, say nothing.
    const isUntold = ending === dropped || ending === unfinished;
    if (isUntold || ending === disconnected || ending === timeout) continue;
    lastAnswerMs = Math.max(lastAnswerMs, endMs[row] ?? 0);
  }
  let goneCount = 0;
  let unansweredCount = 0;
  let silentUntilMs = lastAnswerMs;
  for (let row = 0; row < count; row += 1) {
    const ending = outcome[row];
    const atMs = endMs[row] ?? 0;
    if ((ending !== disconnected && ending !== timeout) || atMs <= lastAnswerMs) continue;
    unansweredCount += 1;
    if (ending === disconnected) goneCount += 1;
    silentUntilMs = Math.max(silentUntilMs, atMs);
  }
  const isSilent = silentUntilMs - lastAnswerMs >= silenceMs;
  return goneCount >= goneRequests || (unansweredCount >= fewRequests && isSilent);
}
