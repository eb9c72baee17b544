import type { LoadRun, Samples, StreamSamples } from '../samples.ts';

/** Where each row of the whole comes from. */
interface Origins {
  /** The part. */
  readonly part: Uint16Array;
  /** The row in it. */
  readonly row: Uint32Array;
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
    lostGeneratorCount: runs.reduce((sum, run) => sum + (run.lostGeneratorCount ?? 0), 0),
  };
}

type Column = Float64Array | Float32Array | Uint8Array | Uint32Array;

function mergeSamples(parts: readonly Samples[]): Samples {
  const origins = orderRows(parts);
  const count = origins.row.length;
  const pick = <Kind extends Column>(column: Kind, of: (part: Samples) => Kind): Kind =>
    fill(column, parts.map(of), origins);
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

/** Puts the values of the parts' columns in the order of the whole. */
function fill<Kind extends Column>(
  column: Kind,
  columns: readonly (Kind | undefined)[],
  { part, row }: Origins,
): Kind {
  for (let place = 0; place < column.length; place += 1) {
    column[place] = columns[part[place] ?? 0]?.[row[place] ?? 0] ?? 0;
  }
  return column;
}

/** Merges the rows of the parts, each of which is in order already, by their intended times. */
function orderRows(parts: readonly Samples[]): Origins {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const origins: Origins = { part: new Uint16Array(count), row: new Uint32Array(count) };
  const next = new Uint32Array(parts.length);
  for (let place = 0; place < count; place += 1) {
    let earliest = 0;
    let earliestMs = Infinity;
    for (const [index, { intendedMs }] of parts.entries()) {
      const atMs = intendedMs[next[index] ?? 0] ?? Infinity;
      if (atMs >= earliestMs) continue;
      earliest = index;
      earliestMs = atMs;
    }
    const row = next[earliest] ?? 0;
    origins.part[place] = earliest;
    origins.row[place] = row;
    next[earliest] = row + 1;
  }
  return origins;
}

function mergeStreams(parts: readonly Samples[], origins: Origins): StreamSamples | undefined {
  const streams = parts.map(({ stream }) => stream);
  if (streams.every((stream) => stream === undefined)) return undefined;
  const count = origins.row.length;
  const starts = new Uint32Array(count + 1);
  const total = streams.reduce((sum, stream) => sum + (stream?.chunkMs.length ?? 0), 0);
  const chunkMs = new Float64Array(total);
  const chunkTokens = new Uint16Array(total);
  let next = 0;
  for (let place = 0; place < count; place += 1) {
    const stream = streams[origins.part[place] ?? 0];
    const row = origins.row[place] ?? 0;
    if (stream !== undefined) {
      const from = stream.starts[row] ?? 0;
      const to = stream.starts[row + 1] ?? from;
      chunkMs.set(stream.chunkMs.subarray(from, to), next);
      chunkTokens.set(stream.chunkTokens.subarray(from, to), next);
      next += to - from;
    }
    starts[place + 1] = next;
  }
  const pick = (of: (stream: StreamSamples) => Uint32Array): Uint32Array =>
    fill(
      new Uint32Array(count),
      streams.map((stream) => stream && of(stream)),
      origins,
    );
  return {
    starts,
    chunkMs,
    chunkTokens,
    promptTokens: pick((stream) => stream.promptTokens),
    outputTokens: pick((stream) => stream.outputTokens),
  };
}
