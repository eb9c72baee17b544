import type { BatchRequest, ExecuteBatch, ExecutionTimings } from '../core/batch.ts';
import type { NamedTensors } from '../core/tensor.ts';

/** One request on its way to a model. */
export interface SchedulerJob {
  readonly request: BatchRequest;
  /** Items this request adds to a batch; 1 when the model is not batched. */
  readonly batchSize: number;
  /** 1 is the highest; 0 or a level the model does not have means its default. */
  readonly priority: number;
  /** The request's own limit on waiting, from submission; 0 for none. */
  readonly queueTimeoutMs: number;
  /** When the answer must be there, on the clock; `undefined` for no deadline. */
  readonly deadlineMs: number | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
}

/** Where the time of one answered request went, in milliseconds. */
export interface JobTimings extends ExecutionTimings {
  /** From submission to dispatch. */
  readonly queueMs: number;
  /** The part of `queueMs` during which an instance was free: waiting for a fuller batch. */
  readonly batchWaitMs: number;
}

export interface JobResult {
  readonly outputs: NamedTensors;
  readonly timings: JobTimings;
}

/** Why a request was not executed. */
export type RejectReason =
  | 'queue_full'
  | 'would_miss_deadline'
  | 'timeout'
  | 'cancelled'
  | 'draining';

/** What the scheduler tells of itself, as it happens. Must not throw. */
export interface SchedulerObserver {
  queued(depth: number): void;
  rejected(reason: RejectReason): void;
  executed(requestCount: number, batchSize: number, timings: ExecutionTimings): void;
}

/** Decides what runs when, on the instances it was given. */
export interface Scheduler {
  /**
   * Queues a request and answers when it was executed.
   * @throws HeadwayError `resource_exhausted` (queue full), `unavailable` (would miss its
   * deadline, timed out waiting, draining), `cancelled`, or the execution's own error.
   */
  submit(job: SchedulerJob): Promise<JobResult>;
  /** Replaces the instances; one that is running finishes its batch first. Resolves when the old ones are idle. */
  setInstances(instances: readonly ExecuteBatch[]): Promise<void>;
  /** Requests waiting now. */
  readonly queueDepth: number;
  /** Requests in execution now. */
  readonly executingCount: number;
  /** Lets no request wait for a fuller batch from now on. */
  hasten(): void;
  /** Refuses new requests and resolves when the accepted ones are answered. */
  drain(): Promise<void>;
}
