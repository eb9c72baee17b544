import type { HeaderField } from './static-table.ts';

/** What each entry counts beside its name and value. Source: RFC 7541, section 4.1. */
const entryBytes = 32;

/** Fields that an encoder had its decoder remember. Source: RFC 7541, sections 2.3.2 and 4. */
export class DynamicTable {
  /** The oldest first. */
  readonly #fields: HeaderField[] = [];
  #byteLength = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param index 0 for the newest field. */
  at(index: number): HeaderField | undefined {
    return this.#fields[this.#fields.length - 1 - index];
  }

  /** A field that is larger than the table empties it. */
  add(field: HeaderField): void {
    this.#fields.push(field);
    this.#byteLength += sizeOf(field);
    this.#evict();
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#byteLength > this.#maxBytes) {
      const oldest = this.#fields.shift();
      if (oldest === undefined) return;
      this.#byteLength -= sizeOf(oldest);
    }
  }
}

function sizeOf([name, value]: HeaderField): number {
  return name.length + value.length + entryBytes;
}
