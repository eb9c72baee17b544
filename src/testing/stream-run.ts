import { type LoadRun, type Outcome, outcomes } from '../loadgen/samples.ts';

/** One streamed answer of a made-up run. */
export interface StreamedAnswer {
  readonly intendedMs: number;
  readonly outcome?: Outcome;
  readonly endMs?: number;
  /** When each chunk came, and the tokens in it. */
  readonly chunks?: readonly (readonly [atMs: number, tokenCount: number])[];
  readonly promptTokens?: number;
  readonly outputTokens?: number;
}

/** A run whose requests were answered as said, in the order of their intended times. */
export function streamRun(
  answers: readonly StreamedAnswer[],
  { warmupMs = 0, durationMs = 1000 }: { warmupMs?: number; durationMs?: number } = {},
): LoadRun {
  const chunks = answers.map((answer) => answer.chunks ?? []);
  const starts = new Uint32Array(answers.length + 1);
  for (const [row, own] of chunks.entries()) starts[row + 1] = (starts[row] ?? 0) + own.length;
  const intendedMs = Float64Array.from(answers, (answer) => answer.intendedMs);
  const endMs = Float64Array.from(
    answers,
    ({ endMs: end, chunks: own = [] }) => end ?? own.at(-1)?.[0] ?? NaN,
  );
  const none = new Float32Array(answers.length).fill(Number.NaN);
  return {
    loop: 'open',
    warmupMs,
    durationMs,
    reasons: new Map(),
    startedAtUnixMs: 0,
    samples: {
      count: answers.length,
      intendedMs,
      sentMs: intendedMs,
      firstByteMs: intendedMs,
      endMs,
      outcome: Uint8Array.from(answers, ({ outcome = 'ok' }) => outcomes.indexOf(outcome)),
      queueMs: none,
      computeMs: none,
      stream: {
        starts,
        chunkMs: Float64Array.from(chunks.flat(), ([atMs]) => atMs),
        chunkTokens: Uint16Array.from(chunks.flat(), ([, tokenCount]) => tokenCount),
        promptTokens: Uint32Array.from(answers, (answer) => answer.promptTokens ?? 0),
        outputTokens: Uint32Array.from(answers, (answer) => answer.outputTokens ?? 0),
      },
    },
  };
}
