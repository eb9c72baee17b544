import type { ExecuteBatch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { HeadwayError } from '../core/error.ts';
import type { DynamicBatching } from '../config/model-config.ts';
import { planAdmission } from './admission.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { createArrivalRate } from './arrival-rate.ts';
import { type BatchPolicy, createBatchPolicy, createMeasuredRuns } from './batch-policy.ts';
import { type InstanceSlot, InstanceSlots } from './instance-slots.ts';
import { type DispatchPlan, type ExpirePlan, planBatch, planTimeouts } from './plan.ts';
import { RequestQueue } from './queue.ts';
import { policyAt } from './queue-policy.ts';
import { type Refusal, cancelledError, deadlineExceededError, refuse } from './refusal.ts';
import { type ReleaseOrder, createReleaseOrder } from './release-order.ts';
import { beginBatch, runToEnd } from './run-batch.ts';
import {
  type BatchOutcome,
  type RunningBatch,
  type ScheduledJob,
  createScheduledJob,
  settleBatch,
  settleWithError,
} from './scheduled-job.ts';
import type { JobResult, Scheduler, SchedulerJob, SchedulerObserver } from './scheduler.ts';

/** What a scheduler is made of. */
export interface SchedulerOptions {
  readonly clock: Clock;
  /** 0: requests are not batched. */
  readonly maxBatchSize: number;
  readonly scheduling: DynamicBatching;
  /** Inputs with a declared pad value: requests that differ in their dimensions share a batch. */
  readonly paddedInputNames: ReadonlySet<string>;
  readonly instances: readonly ExecuteBatch[];
  readonly observer: SchedulerObserver;
  /**
   * Puts a call off until the events at hand are handled, so that requests read in the same turn
   * of the event loop share a batch. `setImmediate` unless given.
   */
  readonly defer?: (run: () => void) => void;
}

/**
 * Makes the scheduler of one model version. What to do is decided by `planBatch` and
 * `planAdmission`, which are pure; the effects are here: instances, timers, aborts and answers.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new Dispatcher(options);
}

class Dispatcher implements Scheduler {
  readonly #options: SchedulerOptions;
  #policy: BatchPolicy;
  readonly #queue = new RequestQueue<ScheduledJob>();
  readonly #slots = new InstanceSlots();
  readonly #arrivals = createArrivalRate();
  readonly #measured = createMeasuredRuns();
  readonly #releaseOrder: ReleaseOrder | undefined;
  readonly #alarm: Alarm;
  readonly #runDeferred: () => void;
  #isDeferred = false;
  #submittedCount = 0;
  #isDraining = false;
  readonly #onDrained: (() => void)[] = [];

  constructor(options: SchedulerOptions) {
    const { scheduling, maxBatchSize, clock } = options;
    this.#options = options;
    this.#policy = createBatchPolicy(maxBatchSize, scheduling, this.#measured);
    this.#releaseOrder = scheduling.preserveOrdering ? createReleaseOrder() : undefined;
    this.#alarm = createAlarm(clock, () => this.#wake());
    this.#runDeferred = () => {
      this.#isDeferred = false;
      this.#dispatch();
    };
    void this.#slots.replace(options.instances, clock.nowMs());
  }

  get queueDepth(): number {
    return this.#queue.requestCount;
  }

  get executingCount(): number {
    return this.#slots.executingCount;
  }

  submit(job: SchedulerJob): Promise<JobResult> {
    const { maxBatchSize } = this.#policy;
    if (!(job.batchSize >= 1 && job.batchSize <= maxBatchSize)) {
      return Promise.reject(new RangeError(`batch size ${job.batchSize} exceeds ${maxBatchSize}`));
    }
    const { promise, resolve, reject } = Promise.withResolvers<JobResult>();
    const { scheduling, paddedInputNames, clock } = this.#options;
    const nowMs = clock.nowMs();
    this.#submittedCount += 1;
    this.#arrivals.observe(job.batchSize, nowMs);
    const scheduled = createScheduledJob(job, {
      order: this.#submittedCount,
      nowMs,
      paddedInputNames: maxBatchSize > 1 ? paddedInputNames : undefined,
      scheduling,
      freeMs: this.#slots.freeMs(nowMs),
      resolve,
      reject,
    });
    const refusal = this.#refusalOf(scheduled, nowMs);
    if (refusal === undefined) {
      this.#accept(scheduled);
    } else {
      this.#options.observer.rejected(refusal.reason);
      reject(refusal.error);
    }
    return promise;
  }

  async setInstances(instances: readonly ExecuteBatch[]): Promise<void> {
    const oldAreIdle = this.#slots.replace(instances, this.#options.clock.nowMs());
    this.#dispatch();
    await oldAreIdle;
  }

  hasten(): void {
    this.#policy = { ...this.#policy, maxQueueDelayMs: 0 };
    this.#dispatch();
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    this.hasten();
    if (!this.#isEmpty()) await new Promise<void>((resolve) => this.#onDrained.push(resolve));
  }

  #refusalOf(scheduled: ScheduledJob, nowMs: number): Refusal | undefined {
    if (scheduled.job.signal?.aborted === true) return refuse.cancelled();
    if (this.#isDraining) return refuse.draining();
    const { maxQueueSize } = policyAt(scheduled.level, this.#options.scheduling);
    const isFull = maxQueueSize > 0 && this.#queue.countAt(scheduled.level) >= maxQueueSize;
    // Requests that only wait for the end of this turn are about to leave the queue.
    if (isFull && this.#isDeferred) this.#dispatch();
    const mayMiss = scheduled.deadlineMs !== Infinity || scheduled.timeoutAtMs !== Infinity;
    if (!isFull && !mayMiss) return undefined;
    const { estimateMs } = this.#measured.runTimes;
    const state = {
      queue: this.#queue,
      instanceFreeMs: this.#slots.expectedFreeMs(nowMs, estimateMs),
      maxBatchSize: this.#policy.usefulBatchSize(nowMs),
      maxQueueSize,
      arrivalsPerMs: this.#arrivals.perMs(nowMs),
      estimateMs,
    };
    return planAdmission(scheduled, state, nowMs);
  }

  #accept(scheduled: ScheduledJob): void {
    const { signal } = scheduled.job;
    scheduled.place = this.#releaseOrder?.join();
    if (signal !== undefined) {
      scheduled.onAbort = () => this.#abandon(scheduled);
      signal.addEventListener('abort', scheduled.onAbort);
    }
    this.#queue.add(scheduled);
    this.#options.observer.queued(this.#queue.requestCount);
    if (this.#slots.free() === undefined) {
      this.#alarm.ringBy(Math.min(scheduled.timeoutAtMs, scheduled.deadlineMs));
      return;
    }
    const itemCount = this.#queue.groups.get(scheduled.shapeKey)?.itemCount ?? 0;
    // A full batch has nothing to wait for.
    if (itemCount >= this.#policy.usefulBatchSize(this.#options.clock.nowMs())) this.#dispatch();
    else this.#dispatchLater();
  }

  #dispatchLater(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    const defer = this.#options.defer ?? setImmediate;
    defer(this.#runDeferred);
  }

  /** Carries out plans until there is nothing to do now. */
  #dispatch(): void {
    for (;;) {
      const nowMs = this.#options.clock.nowMs();
      const slot = this.#slots.free();
      const plan =
        slot === undefined
          ? planTimeouts(this.#queue, nowMs)
          : planBatch(this.#queue, this.#policy, nowMs);
      if (plan.kind === 'expire') {
        this.#expire(plan);
      } else if (plan.kind === 'dispatch' && slot !== undefined) {
        const isOver = this.#start(slot, plan, nowMs);
        if (!isOver) continue;
        // The event loop gets its turn between two inline runs.
        if (this.#queue.requestCount > 0) this.#dispatchLater();
        return;
      } else {
        if (plan.kind === 'wait') this.#alarm.ringBy(plan.untilMs);
        return;
      }
    }
  }

  #start(slot: InstanceSlot, plan: DispatchPlan<ScheduledJob>, nowMs: number): boolean {
    const { clock, observer } = this.#options;
    const { requests: jobs } = plan;
    const freeMs = this.#slots.freeMs(nowMs);
    this.#queue.take(jobs);
    const batch = beginBatch(jobs, nowMs);
    this.#slots.occupy(slot, batch, nowMs);
    for (const scheduled of jobs) {
      scheduled.batchWaitMs = freeMs - scheduled.freeMsAtArrival;
      this.#alarm.ringBy(scheduled.deadlineMs);
    }
    observer.queued(this.#queue.requestCount);
    const isOver = runToEnd(batch, {
      clock,
      execute: slot.execute,
      finish: (part, outcome) => this.#finish(part, outcome),
      end: () => {
        this.#vacate(slot);
        this.#dispatch();
      },
    });
    if (isOver) this.#vacate(slot);
    return isOver;
  }

  #vacate(slot: InstanceSlot): void {
    this.#slots.vacate(slot, this.#options.clock.nowMs());
    this.#reportEmpty();
  }

  #finish(batch: RunningBatch, outcome: BatchOutcome): void {
    const { jobs, batchSize } = batch;
    const nowMs = this.#options.clock.nowMs();
    const runMs = nowMs - batch.startedMs;
    const { runTimes, useful } = this.#measured;
    if (batch.waitedForCount === 0) {
      runTimes.observeTerminated(batchSize, runMs, nowMs);
    } else if (outcome.kind === 'done') {
      runTimes.observe(batchSize, runMs, nowMs);
      useful.observe(batchSize, runMs);
    }
    if (outcome.kind === 'done') {
      this.#options.observer.executed(jobs.length, batchSize, outcome.result.timings);
    }
    settleBatch(jobs, outcome, this.#releaseOrder);
  }

  #expire(plan: ExpirePlan<ScheduledJob>): void {
    for (const scheduled of plan.delayed) this.#queue.delay(scheduled);
    for (const scheduled of plan.timedOut) this.#giveUp(scheduled, refuse.timedOut());
    for (const scheduled of plan.missed) this.#giveUp(scheduled, refuse.deadlineMissed());
  }

  /** Takes a request out of the queue and refuses it. */
  #giveUp(scheduled: ScheduledJob, refusal: Refusal): void {
    this.#queue.remove(scheduled);
    this.#options.observer.queued(this.#queue.requestCount);
    this.#options.observer.rejected(refusal.reason);
    settleWithError(scheduled, refusal.error, this.#releaseOrder);
    this.#reportEmpty();
  }

  /** Nobody waits for the answer any more. */
  #abandon(scheduled: ScheduledJob): void {
    if (scheduled.batch === undefined) this.#giveUp(scheduled, refuse.cancelled());
    else this.#stopWaiting(scheduled, scheduled.batch, cancelledError());
  }

  /** Answers a running request early, and terminates a run that nobody waits for. */
  #stopWaiting(scheduled: ScheduledJob, batch: RunningBatch, error: HeadwayError): void {
    if (scheduled.isSettled) return;
    settleWithError(scheduled, error, this.#releaseOrder);
    batch.waitedForCount -= 1;
    if (batch.waitedForCount === 0) batch.abort.abort(error);
  }

  #wake(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const scheduled of this.#slots.runningJobs()) {
      if (scheduled.isSettled || scheduled.batch === undefined) continue;
      if (scheduled.deadlineMs > nowMs) {
        this.#alarm.ringBy(scheduled.deadlineMs);
      } else {
        this.#stopWaiting(scheduled, scheduled.batch, deadlineExceededError());
      }
    }
    this.#dispatch();
  }

  #isEmpty(): boolean {
    return this.#queue.requestCount === 0 && this.#slots.executingCount === 0;
  }

  #reportEmpty(): void {
    if (this.#isEmpty()) for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}
