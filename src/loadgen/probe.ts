import type { Clock } from '../core/clock.ts';
import { HeadwayError } from '../core/error.ts';
import type { LoadClient } from './load-client.ts';
import type { Outcome } from './samples.ts';

/** How the first request went. */
export interface Probe {
  readonly outcome: Outcome;
  readonly reason: string | undefined;
  readonly latencyMs: number;
}

/**
 * Sends one request before the load, to find out that the place is wrong while it costs nothing.
 * @throws HeadwayError `unavailable` when there is no answer within the time, `failed_precondition`
 * when the answer is no good one. That the server refuses for now is a good answer.
 */
export async function probe(
  client: LoadClient,
  { url, clock, timeoutMs }: { url: string; clock: Clock; timeoutMs: number },
): Promise<Probe> {
  const startMs = clock.nowMs();
  const result = await new Promise<Probe>((resolve) => {
    const end = (outcome: Outcome, reason: string | undefined): void => {
      cancel();
      resolve({ outcome, reason, latencyMs: clock.nowMs() - startMs });
    };
    const cancel = clock.schedule(timeoutMs, () => {
      end('timeout', `nothing came within ${timeoutMs} ms`);
    });
    client.send(0, {
      sent() {},
      firstByte() {},
      chunk() {},
      end: (outcome, detail) => end(outcome, detail?.reason),
    });
  });
  const { outcome, reason = outcome } = result;
  if (outcome === 'ok' || outcome === 'rejected') return result;
  const hasNoAnswer = outcome === 'disconnected' || outcome === 'timeout';
  throw new HeadwayError(
    hasNoAnswer ? 'unavailable' : 'failed_precondition',
    hasNoAnswer
      ? `No answer from ${url}: ${reason}. Is the server running, and is the address right?`
      : `${url} does not answer as expected: ${reason}. Nothing was measured.`,
  );
}
