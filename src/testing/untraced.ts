import { createSystemClock } from '../core/clock.ts';
import { type Tracing, createTracing } from '../metrics/tracing.ts';

/** Tracing that is off and has no file, as a server has it that was told nothing about traces. */
export function createUntraced(): Tracing {
  return createTracing({
    mode: 'triton',
    initial: { levels: [], rate: 1000, count: -1, logFrequency: 0 },
    file: '',
    sink: undefined,
    clock: createSystemClock(),
  });
}
