import type { CancelTimer, Clock } from '../../../core/clock.ts';
import { HeadwayError } from '../../../core/error.ts';

/** What a time limit watches. */
export interface TimeLimitOptions {
  readonly clock: Clock;
  /** The longest time between two calls of `touch`. */
  readonly idleMs: number;
  readonly totalMs: number;
  /** Aborts the work for reasons of its own. */
  readonly signal: AbortSignal;
}

/** Aborts its signal when work stalls or takes too long; disposing it stops the watch. */
export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
  /** Says that the work has moved on. */
  touch(): void;
}

/**
 * Watches over work that must keep moving. The signal is aborted with the caller's own reason, or
 * with a HeadwayError `deadline_exceeded`.
 */
export function createTimeLimit(options: TimeLimitOptions): TimeLimit {
  const { clock, idleMs, totalMs } = options;
  const controller = new AbortController();
  const startedMs = clock.nowMs();
  let touchedMs = startedMs;
  let cancel: CancelTimer = arm();

  // One timer looks again when the earliest limit could have passed: touching stays free.
  function arm(): CancelTimer {
    const nowMs = clock.nowMs();
    const idleLeftMs = touchedMs + idleMs - nowMs;
    const totalLeftMs = startedMs + totalMs - nowMs;
    if (idleLeftMs <= 0) controller.abort(tooSlow(`Nothing arrived for ${idleMs / 1000} s`));
    if (totalLeftMs <= 0) controller.abort(tooSlow(`Not finished after ${totalMs / 1000} s`));
    if (controller.signal.aborted) return () => {};
    return clock.schedule(Math.min(idleLeftMs, totalLeftMs), () => {
      cancel = arm();
    });
  }

  return {
    signal: AbortSignal.any([options.signal, controller.signal]),
    touch() {
      touchedMs = clock.nowMs();
    },
    [Symbol.dispose]: () => cancel(),
  };
}

function tooSlow(what: string): HeadwayError {
  return new HeadwayError(
    'deadline_exceeded',
    `${what}: the model source is too slow. What has arrived is kept; try again to go on from there.`,
  );
}
