import { type RowTime, firstMeasuredRow, latencyMs } from '../summary/measured-rows.ts';
import type { LoadRun } from '../samples.ts';
import { firstTokenMs, longestGapMs, perTokenMs } from './answer-times.ts';

/** What an answer must keep to, in milliseconds; a limit that is absent is none. */
export interface AnswerLimits {
  /** To the first token, from the intended time. */
  readonly ttftMs?: number | undefined;
  /** For every wait between two chunks. */
  readonly itlMs?: number | undefined;
  /** For the time per token after the first, over the answer. */
  readonly tpotMs?: number | undefined;
  /** To the end of the answer, from the intended time. */
  readonly e2eMs?: number | undefined;
}

export interface Goodput {
  readonly requestCount: number;
  /** Requests whose answers were good and kept to every limit at once. */
  readonly goodCount: number;
  readonly goodPerSecond: number;
  /** Good answers that broke each limit; one may break several. */
  readonly misses: Readonly<Partial<Record<keyof AnswerLimits, number>>>;
}

const times: Readonly<Record<keyof AnswerLimits, RowTime>> = {
  ttftMs: firstTokenMs,
  itlMs: longestGapMs,
  tpotMs: perTokenMs,
  e2eMs: latencyMs,
};

/** Answers of one chunk or token have no such time, and so cannot be late by it. */
const mayBeMissing: ReadonlySet<string> = new Set<keyof AnswerLimits>(['itlMs', 'tpotMs']);

/** How many requests were served as well as they must be; the warm-up is left out. */
export function goodputOf(run: LoadRun, limits: AnswerLimits): Goodput {
  const { samples, durationMs } = run;
  const wanted = Object.entries(limits).filter(
    (entry): entry is [keyof AnswerLimits, number] => entry[1] !== undefined,
  );
  const misses: Partial<Record<keyof AnswerLimits, number>> = {};
  const first = firstMeasuredRow(run);
  let goodCount = 0;
  for (let row = first; row < samples.count; row += 1) {
    if (samples.outcome[row] !== 0) continue;
    const missed = wanted.filter(([name, limitMs]) => {
      const timeMs = times[name](samples, row);
      return Number.isNaN(timeMs) ? !mayBeMissing.has(name) : timeMs > limitMs;
    });
    for (const [name] of missed) misses[name] = (misses[name] ?? 0) + 1;
    if (missed.length === 0) goodCount += 1;
  }
  const goodPerSecond = durationMs > 0 ? (goodCount * 1000) / durationMs : 0;
  return { requestCount: samples.count - first, goodCount, goodPerSecond, misses };
}
