/** How often something happened and how long it took in all. */
export interface DurationStatistic {
  readonly count: number;
  readonly totalMs: number;
}

/** Executions of one batch size. */
export interface BatchStatistic {
  readonly batchSize: number;
  readonly computeInput: DurationStatistic;
  readonly computeInfer: DurationStatistic;
  readonly computeOutput: DurationStatistic;
}

/** The statistics of one model version, exact since it was loaded, with Triton's meanings. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: number;
  /** Milliseconds since the Unix epoch; 0 before the first inference. */
  readonly lastInferenceEpochMs: number;
  /** Items answered by executions: a batch of n counts n; cache hits do not count. */
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: DurationStatistic;
  readonly fail: DurationStatistic;
  readonly queue: DurationStatistic;
  readonly computeInput: DurationStatistic;
  readonly computeInfer: DurationStatistic;
  readonly computeOutput: DurationStatistic;
  readonly cacheHit: DurationStatistic;
  readonly cacheMiss: DurationStatistic;
  readonly batches: readonly BatchStatistic[];
}
