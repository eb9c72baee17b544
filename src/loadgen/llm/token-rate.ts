import type { LoadRun } from '../samples.ts';
import { chunkTokenCount, chunksOf, outputTokens } from './answer-times.ts';

/**
 * Output tokens that came each second of the judged time, of all requests together, those of the
 * warm-up and those that ended badly too: what came, came. Where a server counted other tokens than
 * its chunks say, each chunk has its share of them; an answer that was not streamed brings its
 * tokens when it ends.
 */
export function outputTokensPerSecond({ samples, warmupMs, durationMs }: LoadRun): number {
  const { stream } = samples;
  if (stream === undefined || durationMs <= 0) return 0;
  const isInTime = (timeMs: number): boolean =>
    timeMs >= warmupMs && timeMs <= warmupMs + durationMs;
  let count = 0;
  for (let row = 0; row < samples.count; row += 1) {
    const tokens = outputTokens(samples, row);
    const inChunks = chunkTokenCount(stream, row);
    if (inChunks === 0) {
      if (isInTime(samples.endMs[row] ?? NaN)) count += tokens;
      continue;
    }
    const share = tokens / inChunks;
    const { from, to } = chunksOf(stream, row);
    for (let chunk = from; chunk < to; chunk += 1) {
      if (isInTime(stream.chunkMs[chunk] ?? NaN)) count += (stream.chunkTokens[chunk] ?? 0) * share;
    }
  }
  return (count * 1000) / durationMs;
}
