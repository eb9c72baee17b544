/** A place in a text of one character a byte, and the number last read there. */
export interface JsonCursor {
  readonly text: string;
  position: number;
  /** Set by `scanNumber`. */
  number: number;
  /** Set by `scanNumber`: written as a whole number, without fraction or exponent. */
  isInteger: boolean;
}

export function createJsonCursor(text: string, position: number): JsonCursor {
  return { text, position, number: 0, isInteger: false };
}

/** Powers of ten that a double holds exactly. */
const exactPowers: readonly number[] = Array.from({ length: 23 }, (_, index) =>
  Number(`1e${index}`),
);

/** Digits that always fit a double exactly. */
const exactDigits = 15;

export function skipSpace(cursor: JsonCursor): void {
  const { text } = cursor;
  let { position } = cursor;
  for (;;) {
    const code = text.charCodeAt(position);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    position += 1;
  }
  cursor.position = position;
}

/**
 * Reads a JSON number, NaN or an infinity into `cursor.number`, correctly rounded. `false`, with
 * the cursor where it was, when there is none. A whole number beyond 2^53 is rounded; its text has
 * the rest.
 */
export function scanNumber(cursor: JsonCursor): boolean {
  const { text, position: start } = cursor;
  const negative = text.charCodeAt(start) === 0x2d;
  let position = negative ? start + 1 : start;
  const first = position;
  let mantissa = 0;
  let code = text.charCodeAt(position);
  while (code >= 0x30 && code <= 0x39) {
    mantissa = mantissa * 10 + (code - 0x30);
    position += 1;
    code = text.charCodeAt(position);
  }
  let digits = position - first;
  if (digits === 0) return scanWord(cursor, first, negative);
  if (digits > 1 && text.charCodeAt(first) === 0x30) return false;
  cursor.isInteger = code !== 0x2e && code !== 0x65 && code !== 0x45;
  let exponent = 0;
  if (code === 0x2e) {
    const fraction = position + 1;
    for (;;) {
      position += 1;
      code = text.charCodeAt(position);
      if (code < 0x30 || code > 0x39 || Number.isNaN(code)) break;
      mantissa = mantissa * 10 + (code - 0x30);
    }
    exponent = fraction - position;
    if (exponent === 0) return false;
    digits -= exponent;
  }
  if (code === 0x65 || code === 0x45) {
    const end = scanExponent(text, position + 1);
    if (end === -1) return false;
    exponent += Number(text.slice(position + 1, end));
    position = end;
  }
  cursor.number =
    digits <= exactDigits && exponent >= -22 && exponent <= 22
      ? scale(negative ? -mantissa : mantissa, exponent)
      : Number(text.slice(start, position));
  cursor.position = position;
  return true;
}

function scale(mantissa: number, exponent: number): number {
  if (exponent === 0) return mantissa;
  const power = exactPowers[exponent < 0 ? -exponent : exponent] as number;
  return exponent < 0 ? mantissa / power : mantissa * power;
}

/** The end of an exponent's digits; -1 when there are none. */
function scanExponent(text: string, start: number): number {
  const sign = text.charCodeAt(start);
  const first = sign === 0x2b || sign === 0x2d ? start + 1 : start;
  let end = first;
  for (;;) {
    const code = text.charCodeAt(end);
    if (!(code >= 0x30 && code <= 0x39)) break;
    end += 1;
  }
  return end === first ? -1 : end;
}

/** The tokens that RapidJSON reads for what JSON has no numbers for. */
function scanWord(cursor: JsonCursor, position: number, negative: boolean): boolean {
  const { text } = cursor;
  let length = 0;
  let value = Number.NaN;
  if (text.startsWith('NaN', position)) {
    length = 3;
  } else if (text.startsWith('Inf', position)) {
    length = text.startsWith('Infinity', position) ? 8 : 3;
    value = negative ? -Infinity : Infinity;
  }
  if (length === 0) return false;
  cursor.isInteger = false;
  cursor.number = value;
  cursor.position = position + length;
  return true;
}
