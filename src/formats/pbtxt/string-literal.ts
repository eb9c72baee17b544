export type StringLiteral =
  | { readonly kind: 'decoded'; readonly bytes: Uint8Array }
  | { readonly kind: 'broken'; readonly problem: string };

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '?': 63,
  '\\': 92,
  "'": 39,
  '"': 34,
};

const numericEscape =
  /^(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/;

/**
 * Resolves the escapes of a string literal, given without its quotes. The result is bytes, since
 * `\xHH` and octal escapes name bytes and a character may be spelled by several of them.
 */
export function decodeStringLiteral(literal: string): StringLiteral {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (;;) {
    const backslash = literal.indexOf('\\', offset);
    pieces.push(Buffer.from(literal.slice(offset, backslash === -1 ? undefined : backslash)));
    if (backslash === -1) return { kind: 'decoded', bytes: Buffer.concat(pieces) };
    const escape = decodeEscape(literal.slice(backslash + 1, backslash + 10));
    if (escape.kind === 'broken') return escape;
    pieces.push(escape.bytes);
    offset = backslash + 1 + escape.length;
  }
}

type Escape =
  | { readonly kind: 'decoded'; readonly bytes: Uint8Array; readonly length: number }
  | { readonly kind: 'broken'; readonly problem: string };

function decodeEscape(text: string): Escape {
  const letter = text.charAt(0);
  const simple = Object.hasOwn(simpleEscapes, letter) ? simpleEscapes[letter] : undefined;
  if (simple !== undefined) return { kind: 'decoded', bytes: Uint8Array.of(simple), length: 1 };
  const [whole, octal, hex, unicode4, unicode8] = numericEscape.exec(text) ?? [];
  if (whole === undefined) return broken(letter);
  if (octal !== undefined || hex !== undefined) {
    const byte = octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? '', 16);
    if (byte > 255) return broken(whole);
    return { kind: 'decoded', bytes: Uint8Array.of(byte), length: whole.length };
  }
  const point = Number.parseInt(unicode4 ?? unicode8 ?? '', 16);
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  if (point > 0x10ffff || isSurrogate) return broken(whole);
  const bytes = Buffer.from(String.fromCodePoint(point));
  return { kind: 'decoded', bytes, length: whole.length };
}

function broken(escape: string): Escape {
  return { kind: 'broken', problem: `unknown escape '\\${escape}' in this string.` };
}
