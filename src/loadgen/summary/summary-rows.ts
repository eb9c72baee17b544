import { outcomes } from '../samples.ts';
import { quantileValue } from './distribution.ts';
import { millisecondsText, rateText, shareText } from './format-number.ts';
import type { Distribution, LoadSummary } from './load-summary.ts';

/** A table as text: the terminal and the report lay it out. */
export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const shownQuantiles = [0.5, 0.9, 0.95, 0.99, 0.999];

/** What each time counts from, in words. */
function timeNames(latencyFrom: LoadSummary['latencyFrom']): Record<string, string> {
  return {
    latencyMs:
      latencyFrom === 'intendedSend'
        ? 'latency from the intended send'
        : 'latency in a closed loop, of this concurrency only',
    serviceMs: 'service time from the actual send',
    firstByteMs: 'first byte from the actual send',
    serverQueueMs: 'queue, as the server says',
    serverComputeMs: 'compute, as the server says',
    sendLagMs: 'send lag of the generator',
  };
}

/** The quantiles of every time that was measured, in milliseconds. */
export function timeTable(summary: LoadSummary): TextTable {
  const rows = Object.entries(timeNames(summary.latencyFrom)).flatMap(([field, name]) => {
    const distribution = summary[field as 'latencyMs'];
    return distribution ? [[name, ...timeCells(distribution)]] : [];
  });
  return { head: ['ms', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'], rows };
}

function timeCells(distribution: Distribution): string[] {
  const quantiles = shownQuantiles.map((quantile) => quantileValue(distribution, quantile));
  return [distribution.mean, ...quantiles, distribution.max].map(millisecondsText);
}

/** The intervals of the latency's quantiles. */
export function intervalTable({ latencyMs }: LoadSummary): TextTable {
  const rows = (latencyMs?.quantiles ?? []).map(({ quantile, value, low, high }) => [
    `p${Number((quantile * 100).toFixed(3))}`,
    millisecondsText(value),
    `${millisecondsText(low)} to ${high === undefined ? 'unknown' : millisecondsText(high)}`,
  ]);
  return { head: ['latency', 'ms', '95% interval, were requests independent'], rows };
}

/** How requests ended, and why they went wrong. */
export function outcomeTable({ outcomes: counts, requestCount, reasons }: LoadSummary): TextTable {
  const rows = outcomes.flatMap((outcome) => {
    const count = counts[outcome];
    return count === undefined ? [] : [[outcome, String(count), shareText(count / requestCount)]];
  });
  const why = reasons.map(({ reason, count }) => [`  ${reason}`, String(count), '']);
  return { head: ['outcome', 'requests', 'share'], rows: [...rows, ...why] };
}

/** The rates and what was judged, in a sentence. */
export function rateSentence(summary: LoadSummary): string {
  const { requestCount, durationMs, offeredPerSecond, achievedPerSecond, warmupMs } = summary;
  const offered =
    summary.loop === 'open'
      ? `${rateText(offeredPerSecond)} requests/s offered, `
      : 'closed loop, ';
  const warmup = warmupMs > 0 ? `, after ${secondsText(warmupMs)} of warm-up` : '';
  return `${offered}${rateText(achievedPerSecond)} good answers/s; ${requestCount} requests in ${secondsText(durationMs)}${warmup}`;
}

/** Whether the run counts, in a sentence. */
export function validitySentence({ validity }: LoadSummary): string {
  const { isValid, lagP99Ms, reasons } = validity;
  return isValid
    ? `valid: the generator's send lag has a p99 of ${millisecondsText(lagP99Ms)} ms, and nothing was dropped`
    : `INVALID: ${reasons.join('; ')}`;
}

function secondsText(durationMs: number): string {
  return `${Number((durationMs / 1000).toPrecision(3))} s`;
}
