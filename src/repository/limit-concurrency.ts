/** Runs what it is given, at most so many at once, the others in order of arrival. */
export type ConcurrencyLimit = <Result>(run: () => Promise<Result>) => Promise<Result>;

/** Makes a limit of `maxCount` runs at once. */
export function createConcurrencyLimit(maxCount: number): ConcurrencyLimit {
  const waiting: (() => void)[] = [];
  let runningCount = 0;
  return async (run) => {
    if (runningCount >= maxCount) await new Promise<void>((start) => waiting.push(start));
    else runningCount += 1;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      // The place is handed over, so that nobody arriving now can take it as well.
      if (next === undefined) runningCount -= 1;
      else next();
    }
  };
}
