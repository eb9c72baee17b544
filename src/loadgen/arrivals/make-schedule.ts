import { type HeadwayError, invalidArgument } from '../../core/error.ts';
import { createRandom } from '../../core/statistics/random.ts';
import type { Schedule } from '../samples.ts';
import type { Arrival } from './arrival.ts';
import { checkArrival } from './check-arrival.ts';
import { createGaps } from './gaps.ts';
import { type TimeAt, createTimeAt } from './time-at.ts';

export interface ScheduleOptions {
  readonly seed: number;
  readonly warmupMs: number;
  /** Of what is judged: the time after the warm-up. */
  readonly durationMs: number;
}

/** The most requests of a run, so that a wrong rate does not fill the memory. */
const maxRequests = 50_000_000;
const firstCapacity = 4096;

/**
 * Makes the whole schedule of a run before it begins: the same one for the same seed.
 * @throws HeadwayError `invalid_argument` for rates and times that cannot be, and for a schedule of
 * more than 50,000,000 requests.
 */
export function makeSchedule(arrival: Arrival, options: ScheduleOptions): Schedule {
  checkArrival(arrival, options);
  const endMs = options.warmupMs + options.durationMs;
  if (arrival.kind !== 'trace') {
    const random = createRandom(options.seed);
    const times = listTimes(createGaps(arrival, random), createTimeAt(arrival, options), endMs);
    return { ...options, intendedMs: times };
  }
  const { intendedMs, inputs } = arrival.trace;
  const isBefore = intendedMs.findIndex((atMs) => atMs >= endMs);
  const count = isBefore === -1 ? intendedMs.length : isBefore;
  return {
    ...options,
    intendedMs: intendedMs.slice(0, count),
    ...(inputs === undefined ? {} : { inputs: inputs.slice(0, count) }),
  };
}

/** A process with changing rates is one of rate 1 whose time is stretched. */
function listTimes(nextGap: () => number, timeAt: TimeAt, endMs: number): Float64Array {
  if (timeAt(maxRequests) < endMs) throw tooMany();
  let times = new Float64Array(firstCapacity);
  let count = 0;
  let expectedCount = nextGap();
  for (let atMs = timeAt(expectedCount); atMs < endMs; atMs = timeAt(expectedCount)) {
    if (count === times.length) times = grow(times);
    times[count] = atMs;
    count += 1;
    expectedCount += nextGap();
  }
  return times.slice(0, count);
}

function grow(times: Float64Array): Float64Array<ArrayBuffer> {
  if (times.length >= maxRequests) throw tooMany();
  const grown = new Float64Array(Math.min(maxRequests, times.length * 2));
  grown.set(times);
  return grown;
}

function tooMany(): HeadwayError {
  return invalidArgument(
    `The schedule has more than ${maxRequests} requests: lower the rate or the duration.`,
  );
}
