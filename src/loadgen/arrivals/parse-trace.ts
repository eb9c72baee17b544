import { invalidArgument } from '../../core/error.ts';
import type { ArrivalTrace } from './arrival.ts';

const line = /^(\d+(?:\.\d+)?)\s*(?:,\s*(\d{1,9}))?$/;

/**
 * Reads a trace: one request a line, its time in milliseconds since the run begins, and after a
 * comma the number of the input it sends, counted from 0, on every line or on none. Empty lines and
 * those that begin with `#` say nothing.
 * @param name of the file, for messages.
 * @throws HeadwayError `invalid_argument`, naming the line, for what is none, and for a time that is
 * before the one above it.
 */
export function parseTrace(text: string, name: string): ArrivalTrace {
  const times: number[] = [];
  const inputs: number[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const where = `${name}, line ${index + 1}`;
    const [, time, input] = line.exec(trimmed) ?? [];
    if (time === undefined) {
      throw invalidArgument(
        `${where}: expected a time in ms, and after a comma the number of an input, such as 12.5 or 12.5,3; got '${trimmed.slice(0, 80)}'.`,
      );
    }
    const atMs = Number(time);
    const beforeMs = times.at(-1) ?? 0;
    if (atMs < beforeMs) {
      throw invalidArgument(
        `${where}: the time ${atMs} ms is before that of the request above it, ${beforeMs} ms; a trace must not go backwards.`,
      );
    }
    const isFirst = times.length === 0;
    if (!isFirst && (input !== undefined) !== inputs.length > 0) {
      throw invalidArgument(
        `${where}: ${input === undefined ? 'names no input' : 'names an input'}, unlike the lines above it.`,
      );
    }
    times.push(atMs);
    if (input !== undefined) inputs.push(Number(input));
  }
  if (times.length === 0) throw invalidArgument(`${name}: the trace holds no request.`);
  const intendedMs = Float64Array.from(times);
  return inputs.length === 0 ? { intendedMs } : { intendedMs, inputs: Uint32Array.from(inputs) };
}
