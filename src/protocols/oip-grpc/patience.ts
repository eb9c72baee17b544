import type { CancelTimer, Clock } from '../../core/clock.ts';

/** How long one side waits for the other to come to the end of a message. */
export interface Patience {
  /**
   * To be asked now and then.
   * @param awaited which message of a call is awaited; `undefined` for none.
   * @returns whether the same message was awaited for too long.
   */
  isOver(awaited: number | undefined, nowMs: number): boolean;
}

/** Begins to wait; time counts from when a message is first seen to be awaited. */
export function createPatience(timeoutMs: number): Patience {
  let last: number | undefined;
  let sinceMs = 0;
  return {
    isOver(awaited, nowMs) {
      if (awaited !== undefined && awaited === last) return nowMs - sinceMs >= timeoutMs;
      last = awaited;
      sinceMs = nowMs;
      return false;
    },
  };
}

/** What looks after itself when it is told the time. */
export interface Impatient {
  look(nowMs: number): void;
}

/**
 * Has all look at the clock several times in each timeout, so that no call needs a timer of its own.
 * @returns stops that.
 */
export function lookNowAndThen(
  all: Iterable<Impatient>,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): CancelTimer {
  const intervalMs = timeoutMs / 4;
  const tick = (): void => {
    for (const one of all) one.look(clock.nowMs());
    cancel = clock.schedule(intervalMs, tick);
  };
  let cancel = clock.schedule(intervalMs, tick);
  return () => cancel();
}
