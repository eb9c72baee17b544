import { outcomeOf } from './measured-rows.ts';
import type { LoadRun, StreamSamples } from '../samples.ts';

/**
 * Every request of a run as a line of JSON, the warm-up's too, in the order of the intended times.
 * Times are milliseconds since the run began; what a request has not is left out.
 */
export function* requestLines({ samples, warmupMs }: LoadRun): Generator<string> {
  for (let row = 0; row < samples.count; row += 1) {
    const intendedMs = samples.intendedMs[row] ?? NaN;
    yield JSON.stringify({
      index: row,
      ...(intendedMs < warmupMs ? { isWarmup: true } : {}),
      outcome: outcomeOf(samples, row),
      intendedMs: known(intendedMs),
      sentMs: known(samples.sentMs[row]),
      firstByteMs: known(samples.firstByteMs[row]),
      endMs: known(samples.endMs[row]),
      queueMs: known(samples.queueMs[row]),
      computeMs: known(samples.computeMs[row]),
      ...(samples.stream ? streamOf(samples.stream, row) : {}),
    });
  }
}

function streamOf(stream: StreamSamples, row: number): Record<string, unknown> {
  const from = stream.starts[row] ?? 0;
  const to = stream.starts[row + 1] ?? from;
  return {
    chunkMs: Array.from(stream.chunkMs.subarray(from, to), known),
    chunkTokens: Array.from(stream.chunkTokens.subarray(from, to)),
    promptTokens: stream.promptTokens[row],
    outputTokens: stream.outputTokens[row] || undefined,
  };
}

/** To a thousandth of a millisecond, which is as fine as the times are. */
function known(timeMs: number | undefined): number | undefined {
  if (timeMs === undefined || !Number.isFinite(timeMs)) return undefined;
  return Math.round(timeMs * 1000) / 1000;
}
