import { invalidArgument } from '../../core/error.ts';
import type { Arrival } from './arrival.ts';

/** @throws HeadwayError `invalid_argument` for what no schedule can be made of. */
export function checkArrival(
  arrival: Arrival,
  { warmupMs, durationMs }: { readonly warmupMs: number; readonly durationMs: number },
): void {
  atLeastZero('The warm-up', warmupMs, 'ms');
  positive('The duration', durationMs, 'ms');
  switch (arrival.kind) {
    case 'poisson':
    case 'constant':
      return positive('The rate', arrival.rate, 'requests per second');
    case 'gamma':
      positive('The rate', arrival.rate, 'requests per second');
      return positive('The burstiness', arrival.burstiness);
    case 'bursts':
      positive('The rate', arrival.rate, 'requests per second');
      positive('The length of a burst', arrival.onMs, 'ms');
      return atLeastZero('The pause between bursts', arrival.offMs, 'ms');
    case 'ramp':
      atLeastZero('The first rate of the ramp', arrival.fromRate, 'requests per second');
      return atLeastZero('The last rate of the ramp', arrival.toRate, 'requests per second');
    case 'steps':
      if (arrival.steps.length === 0) throw invalidArgument('The load has no steps.');
      for (const [index, step] of arrival.steps.entries()) {
        atLeastZero(`The rate of step ${index + 1}`, step.rate, 'requests per second');
        positive(`The duration of step ${index + 1}`, step.durationMs, 'ms');
      }
      return;
    case 'trace':
      return;
  }
}

function positive(name: string, value: number, unit = ''): void {
  if (value > 0 && value < Infinity) return;
  throw invalidArgument(`${name} must be above 0${unit && ` ${unit}`}, and is ${value}.`);
}

function atLeastZero(name: string, value: number, unit: string): void {
  if (value >= 0 && value < Infinity) return;
  throw invalidArgument(`${name} must be 0 ${unit} or more, and is ${value}.`);
}
