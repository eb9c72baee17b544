import { type HeaderField, staticTable } from './static-table.ts';

/**
 * Encodes header fields as a block that means the same on every connection at any time: nothing in
 * it is to be remembered. It sets the table's size to 0 first, as a peer that allows no table wants
 * to be told. Source: RFC 7541, sections 4.2 and 6.
 */
export function encodeHeaderBlock(fields: readonly HeaderField[]): Buffer {
  const bytes = [0x20];
  for (const [name, value] of fields) {
    const index = staticTable.findIndex((known) => known[0] === name && known[1] === value) + 1;
    if (index > 0) pushInteger(bytes, { value: index, prefixBits: 7, pattern: 0x80 });
    else {
      const nameIndex = staticTable.findIndex((known) => known[0] === name) + 1;
      pushInteger(bytes, { value: nameIndex, prefixBits: 4, pattern: 0 });
      if (nameIndex === 0) pushText(bytes, name);
      pushText(bytes, value);
    }
  }
  return Buffer.from(bytes);
}

interface PrefixedInteger {
  readonly value: number;
  readonly prefixBits: number;
  /** The bits before the number. */
  readonly pattern: number;
}

/** Source: RFC 7541, section 5.1. */
function pushInteger(bytes: number[], { value, prefixBits, pattern }: PrefixedInteger): void {
  const mask = 2 ** prefixBits - 1;
  bytes.push(pattern | Math.min(value, mask));
  if (value < mask) return;
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}

function pushText(bytes: number[], text: string): void {
  const encoded = Buffer.from(text, 'latin1');
  pushInteger(bytes, { value: encoded.byteLength, prefixBits: 7, pattern: 0 });
  for (const byte of encoded) bytes.push(byte);
}
