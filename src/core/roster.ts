/** A member's place on a roster. */
export interface RosterEntry<T> {
  readonly member: T;
  /** -1 once it has left. */
  index: number;
}

/**
 * Members that come and go all the time, in no order. A `Set` or `Map` is no place for what every
 * request enters and leaves: its outgrown tables keep one another and what they held alive until
 * the old generation is collected (see docs/decisions/0011-rosters.md).
 */
export class Roster<T> implements Iterable<T> {
  readonly #entries: RosterEntry<T>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  enter(member: T): RosterEntry<T> {
    const entry = { member, index: this.#entries.length };
    this.#entries.push(entry);
    return entry;
  }

  /** Takes a member off; one that has left already stays so. */
  leave(entry: RosterEntry<T>): void {
    const last = this.#entries.at(-1);
    if (entry.index === -1 || last === undefined) return;
    this.#entries[entry.index] = last;
    last.index = entry.index;
    this.#entries.pop();
    entry.index = -1;
  }

  /** Members may leave meanwhile: each that stays is met, and those that enter are not. */
  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index];
      if (entry !== undefined) yield entry.member;
    }
  }
}
