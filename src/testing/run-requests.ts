import type { LoadClient, RequestDetail } from '../loadgen/load-client.ts';
import type { Outcome } from '../loadgen/samples.ts';

/** What a client told of one request. */
export interface ToldRequest {
  /** The names of the calls, in order. */
  readonly calls: readonly string[];
  readonly outcome: Outcome;
  readonly detail: RequestDetail;
}

/** Sends one request and waits for its end. */
export function sendRequest(client: LoadClient, input = 0): Promise<ToldRequest> {
  return new Promise((resolve) => {
    const calls: string[] = [];
    client.send(input, {
      sent: () => calls.push('sent'),
      firstByte: () => calls.push('firstByte'),
      chunk: (tokenCount) => calls.push(`chunk ${tokenCount}`),
      end: (outcome, detail = {}) => resolve({ calls, outcome, detail }),
    });
  });
}
