import { type RowTime, firstMeasuredRow } from '../summary/measured-rows.ts';
import type { LoadRun, Samples, StreamSamples } from '../samples.ts';

/**
 * Time to first token: from when the schedule wanted the request sent to the first chunk that
 * brought text. NaN for an answer without text, or one that was not streamed.
 */
export const firstTokenMs: RowTime = ({ stream, intendedMs }, row) => {
  if (stream === undefined) return Number.NaN;
  const { from, to } = chunksOf(stream, row);
  return from === to ? Number.NaN : (stream.chunkMs[from] ?? NaN) - (intendedMs[row] ?? NaN);
};

/**
 * Time per output token: from the first chunk with text to the last, shared by the tokens after the
 * first. NaN for an answer of fewer than two tokens, which has no such time.
 */
export const perTokenMs: RowTime = (samples, row) => {
  const { stream } = samples;
  const tokenCount = outputTokens(samples, row);
  if (stream === undefined || tokenCount < 2) return Number.NaN;
  const { from, to } = chunksOf(stream, row);
  if (to - from < 2) return Number.NaN;
  return ((stream.chunkMs[to - 1] ?? NaN) - (stream.chunkMs[from] ?? NaN)) / (tokenCount - 1);
};

/** Output tokens a user sees each second once the answer has begun. */
export const userTokensPerSecond: RowTime = (samples, row) => 1000 / perTokenMs(samples, row);

/** The longest wait between two chunks of an answer; NaN where there are fewer. */
export const longestGapMs: RowTime = ({ stream }, row) => {
  let longest = Number.NaN;
  if (stream === undefined) return longest;
  const { from, to } = chunksOf(stream, row);
  for (let chunk = from + 1; chunk < to; chunk += 1) {
    const gapMs = (stream.chunkMs[chunk] ?? NaN) - (stream.chunkMs[chunk - 1] ?? NaN);
    if (!(gapMs <= longest)) longest = gapMs;
  }
  return longest;
};

/** Tokens of an answer: as the server counted them, or else as its chunks hold; 0 for none. */
export function outputTokens({ stream }: Samples, row: number): number {
  if (stream === undefined) return 0;
  return stream.outputTokens[row] || chunkTokenCount(stream, row);
}

/** Tokens of a prompt, as the server counted them; NaN where it did not. */
export const promptTokens: RowTime = ({ stream }, row) => stream?.promptTokens[row] || Number.NaN;

/** Tokens in the chunks of an answer, one a chunk unless the server told more. */
export function chunkTokenCount(stream: StreamSamples, row: number): number {
  const { from, to } = chunksOf(stream, row);
  let count = 0;
  for (let chunk = from; chunk < to; chunk += 1) count += stream.chunkTokens[chunk] ?? 0;
  return count;
}

/** The places of an answer's chunks, `to` not among them. */
export function chunksOf(
  { starts }: StreamSamples,
  row: number,
): { readonly from: number; readonly to: number } {
  const from = starts[row] ?? 0;
  return { from, to: starts[row + 1] ?? from };
}

/** Every wait between two chunks of the judged answers that were good, in ascending order. */
export function sortedGapsMs(run: LoadRun): Float64Array {
  const { samples } = run;
  const { stream } = samples;
  if (stream === undefined) return new Float64Array(0);
  const gaps = new Float64Array(stream.chunkMs.length);
  let count = 0;
  for (let row = firstMeasuredRow(run); row < samples.count; row += 1) {
    if (samples.outcome[row] !== 0) continue;
    const { from, to } = chunksOf(stream, row);
    for (let chunk = from + 1; chunk < to; chunk += 1) {
      gaps[count] = (stream.chunkMs[chunk] ?? NaN) - (stream.chunkMs[chunk - 1] ?? NaN);
      count += 1;
    }
  }
  return gaps.subarray(0, count).sort();
}
