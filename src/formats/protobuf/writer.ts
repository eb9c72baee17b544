import { wireTypes } from './reader.ts';

/** From this size on, bytes are referred to instead of copied. */
const referenceBytes = 4096;

/**
 * Writes protobuf's wire format into a list of chunks. Large values, such as a model's weights,
 * become chunks of their own and are never copied.
 */
export class WireWriter {
  readonly #chunks: Uint8Array[] = [];
  #open: Uint8Array = new Uint8Array(64);
  #openBytes = 0;
  #closedBytes = 0;

  /** The bytes written so far. */
  get byteLength(): number {
    return this.#closedBytes + this.#openBytes;
  }

  /** Everything written; the writer must not be used afterwards. */
  finish(): Uint8Array[] {
    this.#close();
    return this.#chunks;
  }

  int64(fieldNumber: number, value: bigint | number): void {
    this.#tag(fieldNumber, wireTypes.varint);
    this.#varint(value);
  }

  float(fieldNumber: number, value: number): void {
    this.#tag(fieldNumber, wireTypes.fixed32);
    const start = this.#reserve(4);
    new DataView(this.#open.buffer).setFloat32(start, value, true);
  }

  double(fieldNumber: number, value: number): void {
    this.#tag(fieldNumber, wireTypes.fixed64);
    const start = this.#reserve(8);
    new DataView(this.#open.buffer).setFloat64(start, value, true);
  }

  bytes(fieldNumber: number, value: Uint8Array): void {
    this.#tag(fieldNumber, wireTypes.bytes);
    this.#varint(value.byteLength);
    this.raw(value);
  }

  text(fieldNumber: number, value: string): void {
    this.bytes(fieldNumber, Buffer.from(value));
  }

  /** A repeated integer field, packed; nothing when it is empty. */
  packedInt64(fieldNumber: number, values: readonly (bigint | number)[]): void {
    if (values.length === 0) return;
    this.message(fieldNumber, (packed) => {
      for (const value of values) packed.#varint(value);
    });
  }

  /** A nested message, whose fields `write` writes. */
  message(fieldNumber: number, write: (writer: WireWriter) => void): void {
    const inner = new WireWriter();
    write(inner);
    this.#tag(fieldNumber, wireTypes.bytes);
    this.#varint(inner.byteLength);
    for (const chunk of inner.finish()) this.raw(chunk);
  }

  /** Bytes that are fields already, tags included. */
  raw(bytes: Uint8Array): void {
    if (bytes.byteLength >= referenceBytes) {
      this.#close();
      this.#chunks.push(bytes);
      this.#closedBytes += bytes.byteLength;
    } else {
      const start = this.#reserve(bytes.byteLength);
      this.#open.set(bytes, start);
    }
  }

  #tag(fieldNumber: number, wireType: number): void {
    this.#varint(fieldNumber * 8 + wireType);
  }

  #varint(value: bigint | number): void {
    if (typeof value === 'number' && value >= 0) {
      let rest = value;
      for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
        this.#byte((rest % 128) | 0x80);
      }
      this.#byte(rest);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) {
      this.#byte(Number(rest & 0x7fn) | 0x80);
    }
    this.#byte(Number(rest));
  }

  #byte(value: number): void {
    // Reserving may replace the buffer, so it comes first.
    const start = this.#reserve(1);
    this.#open[start] = value;
  }

  #reserve(byteCount: number): number {
    const start = this.#openBytes;
    if (start + byteCount > this.#open.byteLength) {
      const grown = new Uint8Array(Math.max(start + byteCount, this.#open.byteLength * 2));
      grown.set(this.#open.subarray(0, start));
      this.#open = grown;
    }
    this.#openBytes += byteCount;
    return start;
  }

  #close(): void {
    if (this.#openBytes === 0) return;
    this.#chunks.push(this.#open.subarray(0, this.#openBytes));
    this.#closedBytes += this.#openBytes;
    this.#open = new Uint8Array(64);
    this.#openBytes = 0;
  }
}
