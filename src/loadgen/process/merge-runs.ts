import type { LoadRun, Samples, StreamSamples } from '../samples.ts';

/** Where each row of the whole comes from. */
interface Origin {
  readonly run: number;
  readonly row: number;
}

/** Makes one run of those that several processes measured at one time: its rows are in order again. */
export function mergeRuns(runs: readonly [LoadRun, ...LoadRun[]]): LoadRun {
  const [first] = runs;
  if (runs.length === 1) return first;
  const reasons = new Map<string, number>();
  for (const [reason, count] of runs.flatMap((run) => [...run.reasons])) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return {
    ...first,
    samples: mergeSamples(runs.map(({ samples }) => samples)),
    durationMs: Math.max(...runs.map(({ durationMs }) => durationMs)),
    reasons,
  };
}

function mergeSamples(parts: readonly Samples[]): Samples {
  const origins = orderRows(parts);
  const pick = <Column extends Float64Array | Float32Array | Uint8Array>(
    column: Column,
    of: (part: Samples) => Float64Array | Float32Array | Uint8Array,
  ): Column => {
    for (const [place, { run, row }] of origins.entries()) {
      const part = parts[run];
      if (part !== undefined) column[place] = of(part)[row] ?? Number.NaN;
    }
    return column;
  };
  const count = origins.length;
  const stream = mergeStreams(parts, origins);
  return {
    count,
    intendedMs: pick(new Float64Array(count), (part) => part.intendedMs),
    sentMs: pick(new Float64Array(count), (part) => part.sentMs),
    firstByteMs: pick(new Float64Array(count), (part) => part.firstByteMs),
    endMs: pick(new Float64Array(count), (part) => part.endMs),
    outcome: pick(new Uint8Array(count), (part) => part.outcome),
    queueMs: pick(new Float32Array(count), (part) => part.queueMs),
    computeMs: pick(new Float32Array(count), (part) => part.computeMs),
    ...(stream === undefined ? {} : { stream }),
  };
}

/** The rows of all parts by their intended times; each part is in order already. */
function orderRows(parts: readonly Samples[]): readonly Origin[] {
  return parts
    .flatMap(({ count }, run) => Array.from({ length: count }, (_, row) => ({ run, row })))
    .sort((a, b) => intendedOf(parts, a) - intendedOf(parts, b));
}

function intendedOf(parts: readonly Samples[], { run, row }: Origin): number {
  return parts[run]?.intendedMs[row] ?? 0;
}

function mergeStreams(
  parts: readonly Samples[],
  origins: readonly Origin[],
): StreamSamples | undefined {
  if (parts.every(({ stream }) => stream === undefined)) return undefined;
  const starts = new Uint32Array(origins.length + 1);
  const promptTokens = new Uint32Array(origins.length);
  const outputTokens = new Uint32Array(origins.length);
  const total = parts.reduce((sum, { stream }) => sum + (stream?.chunkMs.length ?? 0), 0);
  const chunkMs = new Float64Array(total);
  const chunkTokens = new Uint16Array(total);
  let next = 0;
  for (const [place, { run, row }] of origins.entries()) {
    const stream = parts[run]?.stream;
    if (stream !== undefined) {
      const [from = 0, to = 0] = stream.starts.subarray(row, row + 2);
      chunkMs.set(stream.chunkMs.subarray(from, to), next);
      chunkTokens.set(stream.chunkTokens.subarray(from, to), next);
      promptTokens[place] = stream.promptTokens[row] ?? 0;
      outputTokens[place] = stream.outputTokens[row] ?? 0;
      next += to - from;
    }
    starts[place + 1] = next;
  }
  return { starts, chunkMs, chunkTokens, promptTokens, outputTokens };
}
