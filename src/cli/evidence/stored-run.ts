import type { LoadRun } from '../../loadgen/samples.ts';
import type { EvidenceColumns, EvidenceWriter } from '../../store/evidence.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Keeps a run of load so that `restoreRun` gives it back.
 * @param more what else the record shall tell of it, such as its rate.
 * @throws HeadwayError `resource_exhausted` when the disk is full.
 */
export function storeRun(writer: EvidenceWriter, name: string, run: LoadRun, more?: Json): void {
  const { samples, reasons, ...about } = run;
  const { count: _, stream, ...columns } = samples;
  writer.addRun(
    name,
    { ...columns, ...stream },
    { ...more, ...about, reasons: Object.fromEntries(reasons) },
  );
}

/** The run that `storeRun` kept; `undefined` for samples of another kind. */
export function restoreRun(columns: EvidenceColumns, about: Json): LoadRun | undefined {
  const { intendedMs, sentMs, firstByteMs, endMs, outcome, queueMs, computeMs } = columns;
  const { loop, warmupMs, durationMs, startedAtUnixMs, reasons } = about;
  if (
    !(intendedMs instanceof Float64Array) ||
    !(sentMs instanceof Float64Array) ||
    !(firstByteMs instanceof Float64Array) ||
    !(endMs instanceof Float64Array) ||
    !(outcome instanceof Uint8Array)
  ) {
    return undefined;
  }
  const count = intendedMs.length;
  const stream = restoreStream(columns);
  return {
    loop: loop === 'closed' ? 'closed' : 'open',
    warmupMs: Number(warmupMs ?? 0),
    durationMs: Number(durationMs ?? endMs.findLast((end) => !Number.isNaN(end)) ?? 0),
    startedAtUnixMs: Number(startedAtUnixMs ?? 0),
    reasons: new Map(Object.entries((reasons ?? {}) as Record<string, number>)),
    samples: {
      count,
      intendedMs,
      sentMs,
      firstByteMs,
      endMs,
      outcome,
      queueMs: orUnknown(queueMs, count),
      computeMs: orUnknown(computeMs, count),
      ...(stream !== undefined && { stream }),
    },
  };
}

function restoreStream(columns: EvidenceColumns): LoadRun['samples']['stream'] {
  const { starts, chunkMs, chunkTokens, promptTokens, outputTokens } = columns;
  if (
    !(starts instanceof Uint32Array) ||
    !(chunkMs instanceof Float64Array) ||
    !(chunkTokens instanceof Uint16Array) ||
    !(promptTokens instanceof Uint32Array) ||
    !(outputTokens instanceof Uint32Array)
  ) {
    return undefined;
  }
  return { starts, chunkMs, chunkTokens, promptTokens, outputTokens };
}

function orUnknown(column: EvidenceColumns[string] | undefined, count: number): Float32Array {
  return column instanceof Float32Array ? column : new Float32Array(count).fill(Number.NaN);
}
