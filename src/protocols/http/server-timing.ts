import type { StageTimings } from '../../server/interface.ts';

/** Moments of a request on the clock. */
export interface RequestTimes {
  /** Its head was read. */
  readonly startMs: number;
  /** Its last byte was read. */
  readonly receivedMs: number;
  /** Its answer is ready to be written. */
  readonly endMs: number;
}

/**
 * Where the time of a request went, as a Server-Timing header (W3C Server Timing), in milliseconds:
 * read the body, queue (of which batch was waiting for a fuller batch), input gathering, execute,
 * output splitting, total.
 */
export function formatServerTiming(timings: StageTimings, times: RequestTimes): string {
  const entries = [
    metric('read', times.receivedMs - times.startMs),
    metric('queue', timings.queueMs),
    metric('batch', timings.batchWaitMs),
    metric('input', timings.inputMs),
    metric('execute', timings.inferMs),
    metric('output', timings.outputMs),
    metric('total', times.endMs - times.startMs),
  ];
  if (timings.cacheHit) entries.push('cache;desc="hit"');
  return entries.join(', ');
}

function metric(name: string, durationMs: number): string {
  return `${name};dur=${durationMs.toFixed(3)}`;
}
