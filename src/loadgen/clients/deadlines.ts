import type { CancelTimer, Clock } from '../../core/clock.ts';

export interface DeadlinesOptions<Item> {
  readonly clock: Clock;
  /** How long each may take. */
  readonly timeoutMs: number;
  /** Called for one that takes longer, when it is out already. */
  readonly onDue: (item: Item) => void;
}

/**
 * What is under way, all with the same time to take: one timer serves all, since they become due in
 * the order in which they began.
 */
export class Deadlines<Item> implements Iterable<Item> {
  readonly #options: DeadlinesOptions<Item>;
  readonly #dueMs = new Map<Item, number>();
  #cancelTimer: CancelTimer | undefined;

  constructor(options: DeadlinesOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    const { clock, timeoutMs } = this.#options;
    this.#dueMs.set(item, clock.nowMs() + timeoutMs);
    this.#cancelTimer ??= clock.schedule(timeoutMs, () => this.#look());
  }

  /** Whether it was under way. */
  delete(item: Item): boolean {
    return this.#dueMs.delete(item);
  }

  /** Of all that are under way, the oldest first; they may be taken out meanwhile. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.#dueMs.keys();
  }

  /** Nothing becomes due until more is added. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #look(): void {
    const { clock, onDue } = this.#options;
    this.#cancelTimer = undefined;
    for (const [item, dueMs] of this.#dueMs) {
      const delayMs = dueMs - clock.nowMs();
      if (delayMs > 0) {
        this.#cancelTimer ??= clock.schedule(delayMs, () => this.#look());
        return;
      }
      this.#dueMs.delete(item);
      onDue(item);
    }
  }
}
