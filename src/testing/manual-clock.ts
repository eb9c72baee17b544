import type { Clock } from '../core/clock.ts';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves time on and runs what becomes due, in order of due time and then of scheduling. */
  advance(elapsedMs: number): void;
  /** When the next scheduled call is due, on `nowMs`; `undefined` when none is. */
  readonly nextDueMs: number | undefined;
  /** Scheduled calls that have neither run nor been cancelled. */
  readonly pendingCount: number;
}

interface ScheduledCall {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Makes a clock for tests.
 * @param epochStartMs what `epochMs` says before any time has passed; `nowMs` starts at 0.
 */
export function createManualClock(epochStartMs = 1_700_000_000_000): ManualClock {
  const calls = new Set<ScheduledCall>();
  let nowMs = 0;
  let scheduledCount = 0;

  function next(): ScheduledCall | undefined {
    let first: ScheduledCall | undefined;
    for (const call of calls) {
      if (first === undefined || isBefore(call, first)) first = call;
    }
    return first;
  }

  return {
    nowMs: () => nowMs,
    epochMs: () => epochStartMs + nowMs,
    schedule(delayMs, run) {
      scheduledCount += 1;
      const call = { dueMs: nowMs + Math.max(0, delayMs), order: scheduledCount, run };
      calls.add(call);
      return () => void calls.delete(call);
    },
    advance(elapsedMs) {
      if (!(elapsedMs >= 0)) throw new RangeError(`time cannot move by ${elapsedMs} ms`);
      const endMs = nowMs + elapsedMs;
      for (let call = next(); call !== undefined && call.dueMs <= endMs; call = next()) {
        calls.delete(call);
        nowMs = Math.max(nowMs, call.dueMs);
        call.run();
      }
      nowMs = endMs;
    },
    get nextDueMs() {
      return next()?.dueMs;
    },
    get pendingCount() {
      return calls.size;
    },
  };
}

function isBefore(a: ScheduledCall, b: ScheduledCall): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
