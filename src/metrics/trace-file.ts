import { appendFile, writeFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { toEpochNs } from './epoch-ns.ts';
import type { TraceRecord } from './request-trace.ts';
import type { TraceSink } from './trace-scope.ts';

export interface TraceFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Characters that may wait for the disk; traces beyond are dropped, and the log tells how many. */
  readonly maxPendingLength?: number;
}

/**
 * Writes traces in Triton's JSON form: an array of objects, several to a trace, that its trace
 * summary tool reads. Traces for a file of their own go to `<path>.0`, `<path>.1` and so on. The
 * file of an earlier start is replaced; it is whole JSON once this is disposed.
 */
export function createTraceFile(options: TraceFileOptions): TraceSink {
  const { path, clock, logger, maxPendingLength = 64 * 1024 ** 2 } = options;
  const epochOffsetMs = clock.epochMs() - clock.nowMs();
  let isBegun = false;
  let nextIndex = 0;
  let pendingLength = 0;
  let last: Promise<void> = Promise.resolve();

  function enqueue(traceCount: number, length: number, run: () => Promise<void>): void {
    pendingLength += length;
    last = afterLast(last, traceCount, run).finally(() => (pendingLength -= length));
  }

  async function afterLast(
    previous: Promise<void>,
    traceCount: number,
    run: () => Promise<void>,
  ): Promise<void> {
    await previous;
    try {
      await run();
    } catch (error) {
      logger.error('Traces could not be written.', { file: path, count: traceCount, error });
    }
  }

  return {
    gathers: false,
    write(records, isSeparate) {
      const texts = records.map((record) => formatTrace(record, epochOffsetMs));
      const text = texts.filter((each) => each !== '').join(',');
      if (text === '') return;
      if (pendingLength + text.length > maxPendingLength) {
        logger.warning('Traces were dropped: the disk is too slow.', { count: records.length });
        return;
      }
      enqueue(records.length, text.length, async () => {
        if (isSeparate) {
          await writeFile(`${path}.${nextIndex++}`, `[${text}]`);
        } else if (isBegun) {
          await appendFile(path, `,${text}`);
        } else {
          await writeFile(path, `[${text}`);
          isBegun = true;
        }
      });
    },
    async [Symbol.asyncDispose]() {
      enqueue(0, 0, async () => {
        if (isBegun) await appendFile(path, ']');
      });
      await last;
    },
  };
}

/** The objects of one trace, separated by commas; empty when nothing was noted. */
function formatTrace(record: TraceRecord, epochOffsetMs: number): string {
  const { id, modelVersion: version, requestId, modelName } = record;
  const parts: string[] = [];
  if (version !== undefined) {
    const request = requestId === '' ? {} : { request_id: requestId };
    const head = { id, model_name: modelName, model_version: version, ...request };
    parts.push(JSON.stringify({ ...head, ...callerFields(record) }));
  }
  for (const { name, atMs } of record.moments) {
    const ns = toEpochNs(epochOffsetMs + atMs);
    parts.push(`{"id":${id},"timestamps":[{"name":"${name}","ns":${ns}}]}`);
  }
  for (const { activity, name, data, shape, datatype } of record.tensors) {
    const tensor = { name, data, shape: shape.join(','), dtype: datatype };
    parts.push(JSON.stringify({ id, activity, tensor }));
  }
  return parts.join(',');
}

/** Where the request stands in its caller's trace, and how it failed: more than Triton tells. */
function callerFields({ parent, failure }: TraceRecord): Readonly<Record<string, string>> {
  const failed = failure === undefined ? {} : { failure };
  if (parent === undefined) return failed;
  const { traceId, parentSpanId, spanId, traceState } = parent;
  const state = traceState === '' ? {} : { trace_state: traceState };
  const span = { trace_id: traceId, span_id: spanId, parent_span_id: parentSpanId };
  return { ...span, ...state, ...failed };
}
