import { type HeadwayError, invalidArgument } from '../../core/error.ts';

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The largest number a field can have. */
export const maxFieldNumber: number = 2 ** 29 - 1;

/** Up to this length a loop is quicker than a call into the decoder. */
const shortTextBytes = 24;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads protobuf's wire format field by field, without copying: bytes and nested messages are
 * views into the buffer given. Every read is checked against the end of the message.
 *
 * Read a message as `while (reader.nextField()) switch (reader.fieldNumber) ...`; each turn must
 * take the field's value with one of the reading methods, or keep or skip it with `unknown()`.
 * Source: protobuf.dev/programming-guides/encoding.
 *
 * @throws HeadwayError `invalid_argument` from every method, when the bytes are not what is read.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #messageName: string;
  #offset = 0;
  #fieldStart = 0;
  #wireType = 0;

  /** The number of the field whose value is next. */
  fieldNumber = 0;

  /** `messageName` stands in error messages, as in `ModelProto`. */
  constructor(bytes: Uint8Array, messageName: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#messageName = messageName;
  }

  /** Moves to the next field; `false` at the end of the message. */
  nextField(): boolean {
    if (this.#offset === this.#bytes.byteLength) return false;
    this.#fieldStart = this.#offset;
    const tag = this.#varintNumber();
    this.#wireType = tag % 8;
    this.fieldNumber = Math.floor(tag / 8);
    if (this.fieldNumber < 1 || this.fieldNumber > maxFieldNumber) {
      throw this.failure(`field number ${this.fieldNumber} is impossible`);
    }
    return true;
  }

  /** A 64-bit integer, two's complement. */
  int64(): bigint {
    this.#expect(wireTypes.varint);
    return this.#varint();
  }

  /** A 64-bit integer, unsigned. */
  uint64(): bigint {
    return BigInt.asUintN(64, this.int64());
  }

  bool(): boolean {
    return this.int64() !== 0n;
  }

  /** An integer that must be exact as a number, such as a dimension. */
  safeInteger(): number {
    this.#expect(wireTypes.varint);
    // Most are one byte, which need no BigInt.
    const first = this.#bytes[this.#offset];
    if (first !== undefined && first < 0x80) {
      this.#offset += 1;
      return first;
    }
    const value = this.#varint();
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw this.failure(`the integer ${value} is out of range`);
  }

  float(): number {
    this.#expect(wireTypes.fixed32);
    const start = this.#advance(4);
    return this.#view.getFloat32(start, true);
  }

  double(): number {
    this.#expect(wireTypes.fixed64);
    const start = this.#advance(8);
    return this.#view.getFloat64(start, true);
  }

  /** A bytes field or a nested message, as a view. */
  bytes(): Uint8Array {
    this.#expect(wireTypes.bytes);
    return this.#lengthDelimited();
  }

  /** A string field; it must be valid UTF-8. */
  text(): string {
    const bytes = this.bytes();
    try {
      return shortAscii(bytes) ?? utf8.decode(bytes);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw this.failure('a string is not valid UTF-8');
    }
  }

  /** Elements of a repeated integer field, packed or single, given to `take` one by one. */
  eachInt64(take: (value: bigint) => void): void {
    if (this.#wireType !== wireTypes.bytes) {
      take(this.int64());
      return;
    }
    const packed = new WireReader(this.#lengthDelimited(), this.#messageName);
    packed.fieldNumber = this.fieldNumber;
    while (packed.#offset < packed.#bytes.byteLength) take(packed.#varint());
  }

  /** Elements of a repeated integer field as their varints: all that are packed, or one, as a view. */
  varintElements(): Uint8Array {
    if (this.#wireType === wireTypes.bytes) return this.#lengthDelimited();
    const start = this.#offset;
    this.int64();
    return this.#bytes.subarray(start, this.#offset);
  }

  /**
   * Elements of a repeated float (`elementBytes` 4) or double (8) field as little-endian bytes:
   * all that are packed, or the single one, as a view.
   */
  fixedElements(elementBytes: 4 | 8): Uint8Array {
    if (this.#wireType !== wireTypes.bytes) {
      this.#expect(elementBytes === 4 ? wireTypes.fixed32 : wireTypes.fixed64);
      const start = this.#advance(elementBytes);
      return this.#bytes.subarray(start, start + elementBytes);
    }
    const packed = this.#lengthDelimited();
    if (packed.byteLength % elementBytes === 0) return packed;
    throw this.failure(`${packed.byteLength} bytes are no list of ${elementBytes}-byte numbers`);
  }

  /** Passes over the field and returns it whole, tag included, to be written again as it is. */
  unknown(): Uint8Array {
    switch (this.#wireType) {
      case wireTypes.varint:
        this.#varint();
        break;
      case wireTypes.fixed64:
        this.#advance(8);
        break;
      case wireTypes.fixed32:
        this.#advance(4);
        break;
      case wireTypes.bytes:
        this.#lengthDelimited();
        break;
      default:
        throw this.failure(`wire type ${this.#wireType} is not supported`);
    }
    return this.#bytes.subarray(this.#fieldStart, this.#offset);
  }

  /** An error that names the message and the field. */
  failure(problem: string): HeadwayError {
    return invalidArgument(
      `Malformed protobuf: ${problem} (${this.#messageName}, field ${this.fieldNumber}).`,
    );
  }

  #expect(wireType: number): void {
    if (this.#wireType === wireType) return;
    throw this.failure(`expected wire type ${wireType}, got ${this.#wireType}`);
  }

  #lengthDelimited(): Uint8Array {
    const length = this.#varintNumber();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #advance(byteCount: number): number {
    const start = this.#offset;
    if (byteCount > this.#bytes.byteLength - start) {
      throw this.failure(
        `${byteCount} bytes are announced and ${this.#bytes.byteLength - start} are left`,
      );
    }
    this.#offset += byteCount;
    return start;
  }

  #nextByte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw this.failure('the message ends inside a number');
    this.#offset += 1;
    return byte;
  }

  /** A varint of at most 35 bits, which tags and lengths are, without a BigInt. */
  #varintNumber(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.#nextByte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw this.failure('a tag or length is too large');
  }

  #varint(): bigint {
    let low = 0;
    for (let scale = 1; scale <= 2 ** 42; scale *= 128) {
      const byte = this.#nextByte();
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#nextByte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw this.failure('a number has more than 10 bytes');
  }
}

/** Text of a few ASCII bytes, which names mostly are; `undefined` for any other. */
function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > shortTextBytes) return undefined;
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
