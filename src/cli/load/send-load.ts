import type { Arrival } from '../../loadgen/arrivals/arrival.ts';
import { makeSchedule } from '../../loadgen/arrivals/make-schedule.ts';
import type { GeneratedLoadOptions } from '../../loadgen/process/start-generators.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import type { Generators } from '../../loadgen/process/start-generators.ts';

/** How requests come: by an arrival law, or so many in flight. */
export type LoadShape =
  | { readonly kind: 'open'; readonly arrival: Arrival }
  | { readonly kind: 'closed'; readonly concurrency: number };

/** One run of load. */
export interface RunChoice {
  readonly shape: LoadShape;
  readonly seed: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** Sends one load. Stopped by the signal it gives what was measured until then. */
export function sendLoad(
  { shape, seed, warmupMs, durationMs }: RunChoice,
  sender: Generators,
  options: GeneratedLoadOptions,
): Promise<LoadRun> {
  if (shape.kind === 'closed') {
    return sender.runClosedLoop({ concurrency: shape.concurrency, warmupMs, durationMs }, options);
  }
  return sender.runOpenLoop(makeSchedule(shape.arrival, { seed, warmupMs, durationMs }), options);
}
