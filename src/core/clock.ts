/** Cancels a scheduled call; calling it again, or after the call ran, does nothing. */
export type CancelTimer = () => void;

/** Time as the program sees it. Tests inject one they move by hand. */
export interface Clock {
  /** Monotonic milliseconds with a fraction; only differences mean anything. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch, for what people and protocols read. */
  epochMs(): number;
  /** Calls `run` once, after at least `delayMs`. */
  schedule(delayMs: number, run: () => void): CancelTimer;
}

/** The real clock. Its timers do not keep the process alive. */
export function createSystemClock(): Clock {
  return {
    nowMs: () => performance.now(),
    epochMs: () => Date.now(),
    schedule(delayMs, run) {
      // Node rounds down to whole milliseconds; rounding up keeps "at least".
      const timer = setTimeout(run, Math.ceil(delayMs));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
