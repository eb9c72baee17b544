import type { Batch, BatchResult, ExecuteBatch } from '../core/batch.ts';
import { HeadwayError } from '../core/error.ts';
import type { NamedTensors } from '../core/tensor.ts';
import type { DynamicBatching } from '../config/model-config.ts';
import { createScheduler } from '../scheduler/dispatcher.ts';
import type { JobTimings, RejectReason, Scheduler } from '../scheduler/scheduler.ts';
import { type ManualClock, createManualClock } from './manual-clock.ts';
import { dynamicBatching } from './queued-request.ts';

/** What a test says of a request; the rest is ordinary. */
export interface BenchJob {
  readonly id: string;
  readonly batchSize?: number;
  /** The dimension beyond the batch: requests of different widths do not share a batch. */
  readonly width?: number;
  readonly priority?: number;
  readonly queueTimeoutMs?: number;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface BenchOptions {
  readonly maxBatchSize: number;
  readonly instanceCount?: number;
  readonly isInline?: boolean;
  /** Requests that make an inline run throw. */
  readonly failing?: readonly string[];
  readonly scheduling?: Partial<DynamicBatching>;
}

/** A scheduler with time, turns of the event loop and runs in the hands of a test. */
export interface SchedulerBench {
  readonly scheduler: Scheduler;
  readonly clock: ManualClock;
  readonly instances: readonly ExecuteBatch[];
  /** The ids of the requests of each run, in the order of starting. */
  readonly runs: readonly (readonly string[])[];
  readonly signals: readonly AbortSignal[];
  readonly rejections: readonly RejectReason[];
  readonly depths: readonly number[];
  readonly executions: readonly { readonly requestCount: number; readonly batchSize: number }[];
  /** Answers the request's own id, or the code of the error it failed with. */
  submit(job: BenchJob): Promise<string>;
  submitForTimings(job: BenchJob): Promise<JobTimings>;
  createInstance(): ExecuteBatch;
  /** Runs that have started and not ended. */
  readonly openRuns: readonly number[];
  finish(run: number): Promise<void>;
  fail(run: number, thrown: Error): Promise<void>;
  /** Ends the current turn: what was put off until then happens now. */
  turn(): void;
  readonly hasDeferred: boolean;
  turnMicrotasks(): Promise<void>;
}

const noTimings = { inputMs: 0, inferMs: 0, outputMs: 0 };

/** Makes a scheduler over instances whose runs end when the test says so. */
export function createSchedulerBench(options: BenchOptions): SchedulerBench {
  const { maxBatchSize, instanceCount = 1 } = options;
  const clock = createManualClock();
  const observed = createObservations();
  const runs = createRuns(options);
  let deferred: (() => void)[] = [];
  const instances = Array.from({ length: instanceCount }, runs.createInstance);
  const scheduler = createScheduler({
    clock,
    maxBatchSize,
    scheduling: dynamicBatching(options.scheduling),
    paddedInputNames: new Set(),
    instances,
    observer: observed.observer,
    defer: (run) => void deferred.push(run),
  });
  return {
    ...observed,
    ...runs,
    scheduler,
    clock,
    instances,
    get openRuns() {
      return runs.openRuns;
    },
    get hasDeferred() {
      return deferred.length > 0;
    },
    async submit(job) {
      try {
        const { outputs } = await scheduler.submit(schedulerJob(job));
        return [...outputs.keys()].join();
      } catch (error) {
        if (error instanceof HeadwayError) return error.code;
        throw error;
      }
    },
    submitForTimings: async (job) => (await scheduler.submit(schedulerJob(job))).timings,
    turn() {
      const calls = deferred;
      deferred = [];
      for (const call of calls) call();
    },
  };
}

function createObservations(): Pick<SchedulerBench, 'rejections' | 'depths' | 'executions'> & {
  readonly observer: Parameters<typeof createScheduler>[0]['observer'];
} {
  const rejections: RejectReason[] = [];
  const depths: number[] = [];
  const executions: { requestCount: number; batchSize: number }[] = [];
  return {
    rejections,
    depths,
    executions,
    observer: {
      queued: (depth) => void depths.push(depth),
      rejected: (reason) => void rejections.push(reason),
      executed: (requestCount, batchSize) => void executions.push({ requestCount, batchSize }),
    },
  };
}

function createRuns({
  isInline = false,
  failing = [],
}: BenchOptions): Pick<
  SchedulerBench,
  'runs' | 'signals' | 'openRuns' | 'createInstance' | 'finish' | 'fail' | 'turnMicrotasks'
> {
  const runs: string[][] = [];
  const signals: AbortSignal[] = [];
  const open = new Map<number, { batch: Batch; ends: PromiseWithResolvers<BatchResult> }>();

  async function turnMicrotasks(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }

  function take(run: number): { batch: Batch; ends: PromiseWithResolvers<BatchResult> } {
    const taken = open.get(run);
    if (taken === undefined) throw new RangeError(`run ${run} is not open`);
    open.delete(run);
    return taken;
  }

  return {
    runs,
    signals,
    get openRuns() {
      return [...open.keys()];
    },
    createInstance: () => (batch, signal) => {
      signals.push(signal);
      const run = runs.push(batch.requests.map(({ id }) => id)) - 1;
      if (isInline) {
        if (batch.requests.some(({ id }) => failing.includes(id))) throw new Error('on purpose');
        return echo(batch);
      }
      const ends = Promise.withResolvers<BatchResult>();
      open.set(run, { batch, ends });
      return ends.promise;
    },
    finish(run) {
      const { batch, ends } = take(run);
      ends.resolve(echo(batch));
      return turnMicrotasks();
    },
    fail(run, thrown) {
      take(run).ends.reject(thrown);
      return turnMicrotasks();
    },
    turnMicrotasks,
  };
}

/** Answers each request with an output named as the request. */
function echo(batch: Batch): BatchResult {
  const items = batch.requests.map(({ id }) => ({
    kind: 'done' as const,
    outputs: new Map([[id, { datatype: 'UINT8' as const, shape: [0], data: new Uint8Array(0) }]]),
  }));
  return { items, timings: noTimings };
}

function schedulerJob(job: BenchJob): Parameters<Scheduler['submit']>[0] {
  const { id, batchSize = 1, width = 1 } = job;
  const data = new Uint8Array(batchSize * width);
  const inputs: NamedTensors = new Map([
    ['x', { datatype: 'UINT8', shape: [batchSize, width], data }],
  ]);
  return {
    request: { id, inputs, outputNames: ['y'], parameters: {} },
    batchSize,
    priority: job.priority ?? 0,
    queueTimeoutMs: job.queueTimeoutMs ?? 0,
    deadlineMs: job.deadlineMs,
    signal: job.signal,
  };
}
