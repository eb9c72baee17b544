import type { LoadClient, RequestDetail, RequestProgress } from '../load-client.ts';
import type { Outcome } from '../samples.ts';

/**
 * Makes one query of several samples, as MLPerf's multi-stream scenario asks: all are sent at once,
 * and the query ends when the last one has its answer. A query is as good as its worst sample.
 */
export function createQueryClient(client: LoadClient, samplesPerQuery: number): LoadClient {
  return {
    send(inputIndex, progress) {
      const shared = shareProgress(progress, samplesPerQuery);
      for (let sample = 0; sample < samplesPerQuery; sample += 1) {
        client.send(inputIndex * samplesPerQuery + sample, shared);
      }
    },
    cutOff: () => client.cutOff(),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function shareProgress(progress: RequestProgress, samples: number): RequestProgress {
  let isSent = false;
  let hasBegun = false;
  let waiting = samples;
  let worst: { outcome: Outcome; detail: RequestDetail | undefined } | undefined;
  return {
    sent() {
      if (!isSent) progress.sent();
      isSent = true;
    },
    firstByte() {
      if (!hasBegun) progress.firstByte();
      hasBegun = true;
    },
    chunk: (tokenCount) => progress.chunk(tokenCount),
    end(outcome, detail) {
      if (worst === undefined || worst.outcome === 'ok') worst = { outcome, detail };
      waiting -= 1;
      if (waiting === 0) progress.end(worst.outcome, worst.detail);
    },
  };
}
