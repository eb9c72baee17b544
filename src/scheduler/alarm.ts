import type { CancelTimer, Clock } from '../core/clock.ts';

/** Rings once, at the earliest of the moments asked for. */
export interface Alarm {
  /** Asks for a ring at this moment, or earlier; `Infinity` asks for nothing. */
  ringBy(atMs: number): void;
}

/** No timer sleeps longer; for a moment further away the alarm rings on the way. */
const maxSleepMs = 3_600_000;

/**
 * Makes an alarm with one timer behind it. A moment later than the one already set costs nothing:
 * whoever is rung looks at the time, and asks again for what is left.
 */
export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let setForMs = Infinity;
  let cancel: CancelTimer | undefined;

  function onTimer(): void {
    setForMs = Infinity;
    cancel = undefined;
    ring();
  }

  return {
    ringBy(atMs) {
      if (atMs >= setForMs) return;
      cancel?.();
      setForMs = atMs;
      const delayMs = Math.max(0, atMs - clock.nowMs());
      cancel = clock.schedule(Math.min(delayMs, maxSleepMs), onTimer);
    },
  };
}
