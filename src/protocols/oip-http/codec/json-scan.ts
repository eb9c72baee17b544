/** A place in a text of one character a byte, and the number last read there. */
export interface JsonCursor {
  readonly text: string;
  position: number;
  /** Set by `scanNumber`. */
  number: number;
  /** Set by `scanNumber`: written as a whole number, without fraction or exponent. */
  isInteger: boolean;
  /** Values read so far. */
  valueCount: number;
}

export function createJsonCursor(text: string, position: number): JsonCursor {
  return { text, position, number: 0, isInteger: false, valueCount: 0 };
}

/** Digits that always fit a double exactly. */
const exactDigits = 15;

/** Powers of ten that a double holds exactly, so that dividing by one rounds once. */
const exactPowers: readonly number[] = Array.from({ length: exactDigits + 1 }, (_, index) =>
  Number(`1e${index}`),
);

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
  const first = negative ? start + 1 : start;
  let position = first;
  let magnitude = 0;
  let code = text.charCodeAt(position);
  while (code >= 0x30 && code <= 0x39) {
    magnitude = magnitude * 10 + (code - 0x30);
    position += 1;
    code = text.charCodeAt(position);
  }
  const digits = position - first;
  if (digits === 0) return scanWord(cursor, first, negative);
  if (digits > 1 && text.charCodeAt(first) === 0x30) return false;
  if (code === 0x2e || code === 0x65 || code === 0x45) return scanReal(cursor, position);
  if (digits > exactDigits) cursor.number = Number(text.slice(start, position));
  else cursor.number = negative ? -magnitude : magnitude;
  cursor.isInteger = true;
  cursor.position = position;
  return true;
}

/** Reads a number whose whole part, ending at `wholeEnd`, is followed by a fraction or exponent. */
function scanReal(cursor: JsonCursor, wholeEnd: number): boolean {
  const { text, position: start } = cursor;
  let end = wholeEnd;
  if (text.charCodeAt(end) === 0x2e) {
    end = skipDigits(text, wholeEnd + 1);
    if (end === wholeEnd + 1) return false;
  }
  const significandEnd = end;
  const exponentCode = text.charCodeAt(end);
  if (exponentCode === 0x65 || exponentCode === 0x45) {
    const sign = text.charCodeAt(end + 1);
    const digitsStart = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1;
    end = skipDigits(text, digitsStart);
    if (end === digitsStart) return false;
  }
  const fractionDigits = Math.max(0, significandEnd - wholeEnd - 1);
  const isPlain = end === significandEnd && significandEnd - start <= exactDigits;
  cursor.number = isPlain
    ? readDigits(text, start, significandEnd) / (exactPowers[fractionDigits] as number)
    : Number(text.slice(start, end));
  cursor.isInteger = false;
  cursor.position = end;
  return true;
}

function skipDigits(text: string, start: number): number {
  let end = start;
  for (;;) {
    const code = text.charCodeAt(end);
    if (!(code >= 0x30 && code <= 0x39)) return end;
    end += 1;
  }
}

/** The digits from `start` to `end` as a whole number, a point skipped and a minus heeded. */
function readDigits(text: string, start: number, end: number): number {
  let magnitude = 0;
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x30) magnitude = magnitude * 10 + (code - 0x30);
  }
  return text.charCodeAt(start) === 0x2d ? -magnitude : magnitude;
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
