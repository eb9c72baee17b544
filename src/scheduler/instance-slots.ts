import type { ExecuteBatch } from '../core/batch.ts';
import type { RunningBatch, ScheduledJob } from './scheduled-job.ts';

/** One instance and what it is doing. */
export interface InstanceSlot {
  readonly execute: ExecuteBatch;
  running: RunningBatch | undefined;
  /** Gets no further batch. */
  isRetired: boolean;
  /** Called when a retired slot has become idle. */
  onIdle: (() => void) | undefined;
}

/** The instances of a model: which are free, since when, and what runs on the others. */
export class InstanceSlots {
  #slots: InstanceSlot[] = [];
  /** Retired ones that are still running. */
  readonly #leaving = new Set<InstanceSlot>();
  #freeCount = 0;
  #freeSinceMs = 0;
  #freeMs = 0;
  #executingCount = 0;

  /** Requests in execution. */
  get executingCount(): number {
    return this.#executingCount;
  }

  /** An instance without a batch, if there is one. */
  free(): InstanceSlot | undefined {
    if (this.#freeCount === 0) return undefined;
    return this.#slots.find((slot) => slot.running === undefined);
  }

  /** For how long, in all, at least one instance has been free. */
  freeMs(nowMs: number): number {
    return this.#freeCount > 0 ? this.#freeMs + nowMs - this.#freeSinceMs : this.#freeMs;
  }

  occupy(slot: InstanceSlot, batch: RunningBatch, nowMs: number): void {
    slot.running = batch;
    this.#executingCount += batch.jobs.length;
    this.#setFreeCount(this.#freeCount - 1, nowMs);
  }

  vacate(slot: InstanceSlot, nowMs: number): void {
    this.#executingCount -= slot.running?.jobs.length ?? 0;
    slot.running = undefined;
    if (slot.isRetired) {
      this.#leaving.delete(slot);
      slot.onIdle?.();
    } else {
      this.#setFreeCount(this.#freeCount + 1, nowMs);
    }
  }

  /** Keeps the slots of instances that stay; the promise resolves when the others are idle. */
  async replace(instances: readonly ExecuteBatch[], nowMs: number): Promise<void> {
    const leaving = new Set(this.#slots);
    this.#slots = instances.map((execute) => {
      for (const slot of leaving) {
        if (slot.execute === execute) {
          leaving.delete(slot);
          return slot;
        }
      }
      return { execute, running: undefined, isRetired: false, onIdle: undefined };
    });
    this.#setFreeCount(this.#slots.filter((slot) => slot.running === undefined).length, nowMs);
    await Promise.all([...leaving].map((slot) => this.#retire(slot)));
  }

  /** What runs now, on retired instances too. */
  *runningJobs(): Generator<ScheduledJob> {
    for (const slot of this.#slots) if (slot.running !== undefined) yield* slot.running.jobs;
    for (const slot of this.#leaving) if (slot.running !== undefined) yield* slot.running.jobs;
  }

  /** When each instance is expected to be free; now for an idle one or one that is overdue. */
  expectedFreeMs(nowMs: number, estimateMs: (batchSize: number) => number | undefined): number[] {
    return this.#slots.map(({ running }) => {
      if (running === undefined) return nowMs;
      return Math.max(nowMs, running.startedMs + (estimateMs(running.batchSize) ?? 0));
    });
  }

  async #retire(slot: InstanceSlot): Promise<void> {
    slot.isRetired = true;
    if (slot.running === undefined) return;
    this.#leaving.add(slot);
    await new Promise<void>((resolve) => (slot.onIdle = resolve));
  }

  #setFreeCount(freeCount: number, nowMs: number): void {
    if (freeCount > 0 && this.#freeCount === 0) this.#freeSinceMs = nowMs;
    if (freeCount === 0 && this.#freeCount > 0) this.#freeMs += nowMs - this.#freeSinceMs;
    this.#freeCount = freeCount;
  }
}
