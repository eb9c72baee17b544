const firstDelayMs = 100;
const maxDelayMs = 10_000;

/**
 * How long to wait before a script is started again.
 * @param failureCount times it ended or could not be started since it last answered a batch; the
 * first of them costs no time.
 */
export function restartDelayMs(failureCount: number): number {
  if (failureCount <= 1) return 0;
  return Math.min(maxDelayMs, firstDelayMs * 2 ** (failureCount - 2));
}
