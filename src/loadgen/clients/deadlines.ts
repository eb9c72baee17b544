import type { CancelTimer, Clock } from '../../core/clock.ts';

export interface DeadlinesOptions<Item> {
  readonly clock: Clock;
  /** How long each may take. */
  readonly timeoutMs: number;
  /** Called for one that takes longer, when it is out already. */
  readonly onDue: (item: Item) => void;
}

/** By when something must have ended. */
export interface Deadline<Item> {
  /** `undefined` once it has ended. */
  item: Item | undefined;
  readonly dueMs: number;
}

/** Queues with fewer ended ones are left as they are. */
const fewEnded = 32;

/**
 * What is under way, all with the same time to take: one timer serves all, since they become due in
 * the order in which they began. Those that end leave an empty place, until half of all places are
 * empty; a `Map` would keep them alive for long (see docs/decisions/0011-rosters.md).
 */
export class Deadlines<Item> {
  readonly #options: DeadlinesOptions<Item>;
  /** The oldest first. */
  readonly #queue: Deadline<Item>[] = [];
  /** All before this place have ended. */
  #first = 0;
  #endedCount = 0;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: DeadlinesOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): Deadline<Item> {
    const { clock, timeoutMs } = this.#options;
    const deadline = { item, dueMs: clock.nowMs() + timeoutMs };
    this.#queue.push(deadline);
    this.#cancelTimer ??= clock.schedule(timeoutMs, () => this.#look());
    return deadline;
  }

  /** Says that what had this deadline has ended; it may have been said before. */
  end(deadline: Deadline<Item>): void {
    if (deadline.item === undefined) return;
    deadline.item = undefined;
    this.#endedCount += 1;
    if (this.#endedCount > Math.max(fewEnded, this.#queue.length / 2)) this.#closeUp();
  }

  /** Ends and gives one after another, the oldest first. Nothing is due until more is added. */
  *endAll(): Generator<Item> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (let next = this.#next(); next?.item !== undefined; next = this.#next()) {
      const { item } = next;
      this.end(next);
      yield item;
    }
  }

  #look(): void {
    const { clock, onDue } = this.#options;
    // The timer counts as set meanwhile: what is added now must not set one that is due later.
    for (let next = this.#next(); next?.item !== undefined; next = this.#next()) {
      const { item, dueMs } = next;
      const delayMs = dueMs - clock.nowMs();
      if (delayMs > 0) {
        this.#cancelTimer = clock.schedule(delayMs, () => this.#look());
        return;
      }
      this.end(next);
      onDue(item);
    }
    this.#cancelTimer = undefined;
  }

  /** The oldest one under way. */
  #next(): Deadline<Item> | undefined {
    while (this.#queue[this.#first]?.item === undefined) {
      if (this.#first >= this.#queue.length) return undefined;
      this.#first += 1;
    }
    return this.#queue[this.#first];
  }

  #closeUp(): void {
    let place = 0;
    for (const deadline of this.#queue) {
      if (deadline.item === undefined) continue;
      this.#queue[place] = deadline;
      place += 1;
    }
    this.#queue.length = place;
    this.#first = 0;
    this.#endedCount = 0;
  }
}
