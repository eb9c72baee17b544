import { HeadwayError } from '../core/error.ts';

/** Lets requests in until it is closed, and knows when the last one is out again. */
export interface RequestGate {
  readonly isClosed: boolean;
  /** Requests inside. */
  readonly count: number;
  /** @throws HeadwayError `unavailable` when it is closed; otherwise as the request. */
  pass<T>(run: () => Promise<T>): Promise<T>;
  /** Lets nobody in from now on; resolves when nobody is inside. */
  close(): Promise<void>;
}

/** When a client may find another server in this one's place. */
const retryAfterMs = 1000;

/** Makes an open gate. */
export function createRequestGate(): RequestGate {
  let isClosed = false;
  let count = 0;
  const { promise: emptied, resolve: tellEmptied } = Promise.withResolvers<void>();
  return {
    get isClosed() {
      return isClosed;
    },
    get count() {
      return count;
    },
    async pass(run) {
      if (isClosed) {
        throw new HeadwayError(
          'unavailable',
          'Server is stopping, scheduler has stopped accepting new inference requests',
          { retryAfterMs },
        );
      }
      count += 1;
      try {
        return await run();
      } finally {
        count -= 1;
        if (isClosed && count === 0) tellEmptied();
      }
    },
    close() {
      isClosed = true;
      if (count === 0) tellEmptied();
      return emptied;
    },
  };
}
