import { type LoadRun, type Outcome, outcomes } from '../../loadgen/samples.ts';

/** So many requests in a row, the last ones of a run, that found nobody: the server is gone. */
const lastRequests = 5;

/** Where requests are fewer, two that found nobody, and no answer for so long until the end. */
const fewRequests = 2;
const silenceMs = 5_000;

const unreached = numbersOf(['disconnected', 'timeout']);
/** What says nothing of the server. */
const untold = numbersOf(['dropped', 'unfinished']);

/**
 * Whether the server was gone at the end of a run: since its last answer, of whatever kind, requests
 * found nobody, or nobody who answered in time.
 */
export function hasDied({ samples, warmupMs, durationMs }: LoadRun): boolean {
  const { count, endMs, outcome } = samples;
  let lastAnswerMs = 0;
  let inRow = 0;
  for (let row = 0; row < count; row += 1) {
    const ending = outcome[row] ?? 0;
    if (untold.has(ending)) continue;
    inRow = unreached.has(ending) ? inRow + 1 : 0;
    if (inRow === 0) lastAnswerMs = Math.max(lastAnswerMs, endMs[row] ?? 0);
  }
  if (inRow >= lastRequests) return true;
  if (warmupMs + durationMs - lastAnswerMs < silenceMs) return false;
  let since = 0;
  for (let row = 0; row < count; row += 1) {
    if (unreached.has(outcome[row] ?? 0) && (endMs[row] ?? 0) > lastAnswerMs) since += 1;
  }
  return since >= fewRequests;
}

function numbersOf(names: readonly Outcome[]): ReadonlySet<number> {
  return new Set(names.map((name) => outcomes.indexOf(name)));
}
