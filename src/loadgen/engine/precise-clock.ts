import { type Clock, createSystemClock } from '../../core/clock.ts';

/** Timers fire up to this much late, so that the rest is waited for by looking at the clock. */
const timerSlackMs = 2.5;

/**
 * A clock whose scheduled calls come within some ten microseconds of their time. Node's timers know
 * whole milliseconds only; near the time this looks at the clock between turns of the event loop,
 * so that answers are read meanwhile. It keeps the process alive, and a core busy while calls are
 * near.
 */
export function createPreciseClock(): Clock {
  const { nowMs, epochMs } = createSystemClock();
  return {
    nowMs,
    epochMs,
    schedule(delayMs, run) {
      const dueMs = nowMs() + delayMs;
      let timer: NodeJS.Timeout | undefined;
      let immediate: NodeJS.Immediate | undefined;
      const look = (): void => {
        if (nowMs() >= dueMs) run();
        else immediate = setImmediate(look);
      };
      if (delayMs > timerSlackMs + 1) timer = setTimeout(look, Math.floor(delayMs - timerSlackMs));
      else immediate = setImmediate(look);
      return () => {
        clearTimeout(timer);
        clearImmediate(immediate);
      };
    },
  };
}
