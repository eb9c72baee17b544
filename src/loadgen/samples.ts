/**
 * How a request ended. `dropped` was never sent, since the generator could not; `unfinished` was in
 * flight when the run was cut off; `wrong` was answered with something else than expected.
 */
export const outcomes = [
  'ok',
  'rejected',
  'failed',
  'timeout',
  'disconnected',
  'wrong',
  'dropped',
  'unfinished',
] as const;

export type Outcome = (typeof outcomes)[number];

/**
 * What was measured of every request of a run, as columns: one row a request, in the order of the
 * intended times. Times are milliseconds since the run began, on the monotonic clock, and NaN where
 * the request never got that far.
 */
export interface Samples {
  readonly count: number;
  /** When the schedule wanted the request sent; in a closed loop, when its turn came. */
  readonly intendedMs: Float64Array;
  readonly sentMs: Float64Array;
  readonly firstByteMs: Float64Array;
  readonly endMs: Float64Array;
  /** Places in `outcomes`. */
  readonly outcome: Uint8Array;
  /** The server's own time in its queue and computing, where it tells. */
  readonly queueMs: Float32Array;
  readonly computeMs: Float32Array;
  /** Of streamed answers: what came when. */
  readonly stream?: StreamSamples;
}

/** Chunks of streamed answers, those of request `i` at places `starts[i]` to `starts[i + 1]`. */
export interface StreamSamples {
  readonly starts: Uint32Array;
  readonly chunkMs: Float64Array;
  /** Tokens in each chunk. */
  readonly chunkTokens: Uint16Array;
  readonly promptTokens: Uint32Array;
  /** Tokens of the whole answer as the server counted them; 0 where it did not tell. */
  readonly outputTokens: Uint32Array;
}

/** When each request of a run shall be sent, made from a seed before the run. */
export interface Schedule {
  readonly seed: number;
  /** Milliseconds since the run begins, never going back. */
  readonly intendedMs: Float64Array;
  /** The input each one sends; when left out, its place in the schedule. */
  readonly inputs?: Uint32Array;
  /** Requests before this time warm up, and are not judged. */
  readonly warmupMs: number;
  /** Of what is judged: the time after the warm-up. */
  readonly durationMs: number;
}

/** One run of load against one server. */
export interface LoadRun {
  readonly samples: Samples;
  /** Whether requests were sent when the schedule said, or when others had ended. */
  readonly loop: 'open' | 'closed';
  readonly warmupMs: number;
  /** Of what is judged: the time after the warm-up, until the end or until the run was stopped. */
  readonly durationMs: number;
  /** Why requests went wrong, and how many for each reason. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly startedAtUnixMs: number;
  /** Processes that generated load and ended in the middle; their part is missing. */
  readonly lostGeneratorCount?: number;
}
