import { HeadwayError } from '../../core/error.ts';
import type { ByteBudget } from './limits.ts';

/** What one body or message holds of a budget, to be given back once. */
export interface HeldBytes {
  /** @throws HeadwayError `unavailable` when the budget is used up. */
  take(bytes: number): void;
  /** Whether memory may be made for bytes that are still to come. */
  tryReserve(bytes: number): boolean;
  /** What was reserved for has come. */
  settle(): void;
  /** Memory of at least this size, with anything in it. */
  memory(byteLength: number): Buffer;
  /** Gives everything back; calling it again does nothing. */
  release(): void;
}

/** Begins to hold bytes of a budget, none yet. */
export function holdBytes(budget: ByteBudget): HeldBytes {
  let takenBytes = 0;
  let reservedBytes = 0;
  const settle = (): void => {
    budget.unreserve(reservedBytes);
    reservedBytes = 0;
  };
  return {
    take(bytes) {
      if (!budget.tryTake(bytes)) throw outOfBudget();
      takenBytes += bytes;
    },
    tryReserve(bytes) {
      if (!budget.tryReserve(bytes)) return false;
      reservedBytes += bytes;
      return true;
    },
    settle,
    memory: (byteLength) => budget.memory(byteLength),
    release() {
      settle();
      budget.release(takenBytes);
      takenBytes = 0;
    },
  };
}

/** For those who trust whom they read from: what is announced is held, and nothing counted. */
export const uncounted: HeldBytes = Object.freeze({
  take: () => {},
  tryReserve: () => true,
  settle: () => {},
  memory: (byteLength: number) => Buffer.allocUnsafe(byteLength),
  release: () => {},
});

function outOfBudget(): HeadwayError {
  return new HeadwayError('unavailable', 'The server holds too many request bodies; try again.', {
    retryAfterMs: 1000,
  });
}
