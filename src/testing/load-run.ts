import { outcomes } from '../loadgen/samples.ts';
import type { LoadRun, Outcome, StreamSamples } from '../loadgen/samples.ts';

/** What a test says of one request; what it leaves out is as for one that was answered at once. */
export interface LoadRow {
  readonly intendedMs: number;
  readonly sentMs?: number;
  readonly firstByteMs?: number;
  readonly endMs?: number;
  readonly outcome?: Outcome;
  readonly queueMs?: number;
  readonly computeMs?: number;
  /** Times of the answer's chunks, of one token each. */
  readonly chunkMs?: readonly number[];
}

/** Makes a run of load from its requests, without warm-up unless told. */
export function loadRun(
  rows: readonly LoadRow[],
  about: Partial<Omit<LoadRun, 'samples'>> = {},
): LoadRun {
  const stream = streamOf(rows);
  return {
    samples: {
      count: rows.length,
      intendedMs: Float64Array.from(rows, (row) => row.intendedMs),
      sentMs: Float64Array.from(rows, (row) => row.sentMs ?? row.intendedMs),
      firstByteMs: Float64Array.from(rows, (row) => row.firstByteMs ?? row.endMs ?? row.intendedMs),
      endMs: Float64Array.from(rows, (row) => row.endMs ?? row.intendedMs),
      outcome: Uint8Array.from(rows, (row) => outcomes.indexOf(row.outcome ?? 'ok')),
      queueMs: Float32Array.from(rows, (row) => row.queueMs ?? NaN),
      computeMs: Float32Array.from(rows, (row) => row.computeMs ?? NaN),
      ...(stream ? { stream } : {}),
    },
    loop: 'open',
    warmupMs: 0,
    durationMs: (rows.at(-1)?.intendedMs ?? 0) + 1,
    reasons: new Map(),
    startedAtUnixMs: 1_800_000_000_000,
    ...about,
  };
}

function streamOf(rows: readonly LoadRow[]): StreamSamples | undefined {
  if (rows.every((row) => row.chunkMs === undefined)) return undefined;
  const starts = [0];
  for (const { chunkMs = [] } of rows) starts.push((starts.at(-1) ?? 0) + chunkMs.length);
  const chunkMs = rows.flatMap((row) => row.chunkMs ?? []);
  return {
    starts: Uint32Array.from(starts),
    chunkMs: Float64Array.from(chunkMs),
    chunkTokens: new Uint16Array(chunkMs.length).fill(1),
    promptTokens: new Uint32Array(rows.length).fill(10),
    outputTokens: Uint32Array.from(rows, (row) => row.chunkMs?.length ?? 0),
  };
}
