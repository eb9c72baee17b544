import { ProtocolError } from '../http2/protocol.ts';
import { DynamicTable } from './dynamic-table.ts';
import { decodeHuffman, maxDecodedBytes } from './huffman.ts';
import { type HeaderField, staticTable } from './static-table.ts';

/** By their names; of a repeated one, the last. */
export type HeaderFields = Readonly<Record<string, string>>;

/** What an encoder may remember until it is told otherwise. Source: RFC 9113, section 6.5.2. */
const initialTableBytes = 4096;

const maxContinuationBytes = 4;

/** Decodes the header blocks of one connection, each one once, in their order. Source: RFC 7541. */
export class HpackDecoder {
  readonly #table = new DynamicTable(initialTableBytes);
  #limitBytes = initialTableBytes;
  #scratch: Buffer = Buffer.alloc(0);
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** Whether a block means the same whatever came before. */
  get isStateless(): boolean {
    return this.#limitBytes === 0;
  }

  /** The encoder knows that its table may have this many bytes at most. */
  limit(maxBytes: number): void {
    this.#limitBytes = maxBytes;
    this.#table.resize(maxBytes);
  }

  /** @throws ProtocolError when the bytes are no header block. */
  decode(bytes: Buffer, start: number, end: number): HeaderFields {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const fields: Record<string, string> = {};
    let isFirst = true;
    while (this.#at < end) {
      const first = bytes[this.#at] ?? 0;
      // Source: RFC 7541, section 6.3.
      if ((first & 0xe0) === 0x20) this.#resizeTable(isFirst);
      else {
        isFirst = false;
        const [name, value] = this.#readField(first);
        fields[name] = value;
      }
    }
    return fields;
  }

  #resizeTable(isAllowed: boolean): void {
    const maxBytes = this.#readInteger(5);
    if (!isAllowed) throw broken('changes the size of its table behind a field');
    if (maxBytes > this.#limitBytes) throw broken(`wants a table of ${maxBytes} bytes`);
    this.#table.resize(maxBytes);
  }

  /** Source: RFC 7541, sections 6.1 and 6.2. */
  #readField(first: number): HeaderField {
    if ((first & 0x80) !== 0) return this.#fieldAt(this.#readInteger(7));
    const isRemembered = (first & 0x40) !== 0;
    const nameIndex = this.#readInteger(isRemembered ? 6 : 4);
    const name = nameIndex === 0 ? this.#readText() : this.#fieldAt(nameIndex)[0];
    const field: HeaderField = [name, this.#readText()];
    if (isRemembered) this.#table.add(field);
    return field;
  }

  #fieldAt(index: number): HeaderField {
    const field =
      index <= staticTable.length
        ? staticTable[index - 1]
        : this.#table.at(index - staticTable.length - 1);
    if (field === undefined) throw broken(`names the field ${index}, which is none`);
    return field;
  }

  /** Source: RFC 7541, section 5.1. */
  #readInteger(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = this.#readByte() & mask;
    if (value < mask) return value;
    for (let place = 0; place < maxContinuationBytes; place += 1) {
      const byte = this.#readByte();
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) return value;
    }
    throw broken('has a number without an end');
  }

  #readByte(): number {
    if (this.#at >= this.#end) throw broken('ends in the middle of a field');
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  /** Source: RFC 7541, section 5.2. */
  #readText(): string {
    const isHuffman = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const byteLength = this.#readInteger(7);
    const start = this.#at;
    this.#at += byteLength;
    if (this.#at > this.#end) throw broken('ends in the middle of a text');
    if (!isHuffman) return this.#bytes.toString('latin1', start, this.#at);
    const neededBytes = maxDecodedBytes(byteLength);
    if (this.#scratch.byteLength < neededBytes) this.#scratch = Buffer.allocUnsafe(neededBytes);
    const decodedBytes = decodeHuffman(this.#bytes, start, this.#at, this.#scratch);
    if (decodedBytes < 0) throw broken('has a text that no Huffman code makes');
    return this.#scratch.toString('latin1', 0, decodedBytes);
  }
}

function broken(what: string): ProtocolError {
  return new ProtocolError('COMPRESSION_ERROR', `a header block ${what}`);
}
