import { constants, isUtf8 } from 'node:buffer';
import { invalidArgument } from '../../../core/error.ts';
import type { HeadwayError } from '../../../core/error.ts';
import { quoteText } from './quote.ts';
import { type JsonCursor, createJsonCursor, scanNumber, skipSpace } from './json-scan.ts';

/**
 * A JSON value with what JSON.parse loses: whole numbers written as such are `number`, or `bigint`
 * beyond the safe integers; every other number is a `JsonFloat`. Objects are maps, so that no key
 * means anything to JavaScript.
 */
export type JsonValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | JsonFloat
  | JsonSpan
  | JsonArray
  | JsonObject;

export type JsonArray = readonly JsonValue[];
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A number written with a fraction or an exponent, or NaN or an infinity. */
export interface JsonFloat {
  readonly kind: 'float';
  readonly value: number;
}

/** An array under the key `data`, left unread: its place in the text. */
export interface JsonSpan {
  readonly kind: 'span';
  readonly start: number;
  readonly end: number;
}

/** Nesting beyond this is refused, in values as in tensor data. */
export const maxJsonDepth = 100;

/** Values beyond this, tensor data not counted, are refused: each takes far more memory than text. */
const maxValueCount = 100_000;

/**
 * The text of JSON, one character a byte.
 * @throws HeadwayError `invalid_argument` for more bytes than a text may have.
 */
export function jsonText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  if (byteLength <= constants.MAX_STRING_LENGTH) {
    return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  }
  throw invalidArgument(
    `The JSON is ${byteLength} bytes; at most ${constants.MAX_STRING_LENGTH} can be read. Send tensors as binary data.`,
  );
}

/**
 * Reads JSON with the bare tokens NaN, Infinity and -Infinity. Arrays under the key `data` are not
 * read but returned as spans, for `createJsonDataReader`.
 * @param text as `jsonText` makes it.
 * @throws HeadwayError `invalid_argument` naming the place, also for a key given twice, text that
 * is not UTF-8, nesting beyond 100 and more than 100,000 values beside tensor data.
 */
export function readJson(text: string): JsonValue {
  const cursor = createJsonCursor(text, 0);
  const root = readValue(cursor, 0);
  skipSpace(cursor);
  if (cursor.position !== text.length) throw jsonError(cursor, 'text after the end');
  return root;
}

/** A failure at the cursor. */
export function jsonError(cursor: JsonCursor, what: string): HeadwayError {
  return invalidArgument(`Failed to parse the JSON: ${what} at byte ${cursor.position}.`);
}

/** Nesting beyond the limit, in the words that Triton's clients match on. */
export function tooDeep(cursor: JsonCursor): HeadwayError {
  return jsonError(cursor, `JSON nesting depth exceeds maximum allowed limit (${maxJsonDepth})`);
}

function readValue(cursor: JsonCursor, depth: number): JsonValue {
  cursor.valueCount += 1;
  if (cursor.valueCount > maxValueCount)
    throw jsonError(cursor, `more than ${maxValueCount} values`);
  skipSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.position);
  if (code === 0x22) return readString(cursor);
  if (code === 0x7b) return readObject(cursor, depth + 1);
  if (code === 0x5b) return readArray(cursor, depth + 1);
  if (code === 0x74) return readWord(cursor, 'true', true);
  if (code === 0x66) return readWord(cursor, 'false', false);
  if (code === 0x6e) return readWord(cursor, 'null', null);
  return readNumber(cursor);
}

function readWord<T>(cursor: JsonCursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.position)) throw jsonError(cursor, 'an unknown word');
  cursor.position += word.length;
  return value;
}

function readNumber(cursor: JsonCursor): number | bigint | JsonFloat {
  const start = cursor.position;
  if (!scanNumber(cursor)) throw jsonError(cursor, 'no valid value');
  if (!cursor.isInteger) return { kind: 'float', value: cursor.number };
  if (Number.isSafeInteger(cursor.number)) return cursor.number;
  return BigInt(cursor.text.slice(start, cursor.position));
}

function readArray(cursor: JsonCursor, depth: number): JsonArray {
  if (depth > maxJsonDepth) throw tooDeep(cursor);
  const values: JsonValue[] = [];
  cursor.position += 1;
  skipSpace(cursor);
  if (cursor.text.charCodeAt(cursor.position) === 0x5d) {
    cursor.position += 1;
    return values;
  }
  for (;;) {
    values.push(readValue(cursor, depth));
    if (readSeparator(cursor, 0x5d)) return values;
  }
}

function readObject(cursor: JsonCursor, depth: number): JsonObject {
  if (depth > maxJsonDepth) throw tooDeep(cursor);
  const entries = new Map<string, JsonValue>();
  cursor.position += 1;
  skipSpace(cursor);
  if (cursor.text.charCodeAt(cursor.position) === 0x7d) {
    cursor.position += 1;
    return entries;
  }
  for (;;) {
    skipSpace(cursor);
    if (cursor.text.charCodeAt(cursor.position) !== 0x22) throw jsonError(cursor, 'no key');
    const key = readString(cursor);
    if (entries.has(key)) throw jsonError(cursor, `the key ${quoteText(key)} a second time`);
    skipSpace(cursor);
    if (cursor.text.charCodeAt(cursor.position) !== 0x3a) throw jsonError(cursor, "no ':'");
    cursor.position += 1;
    skipSpace(cursor);
    const isData = key === 'data' && cursor.text.charCodeAt(cursor.position) === 0x5b;
    entries.set(key, isData ? readSpan(cursor) : readValue(cursor, depth));
    if (readSeparator(cursor, 0x7d)) return entries;
  }
}

/** Whether the array or object ends here; otherwise a comma was read. */
function readSeparator(cursor: JsonCursor, closing: number): boolean {
  skipSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.position);
  if (code !== closing && code !== 0x2c) {
    throw jsonError(cursor, `no ',' or '${String.fromCharCode(closing)}'`);
  }
  cursor.position += 1;
  return code === closing;
}

/**
 * Finds the end of an array by its brackets; the data reader checks what is inside. Searching for
 * the next bracket is many times faster than looking at every character of a long row.
 */
function readSpan(cursor: JsonCursor): JsonSpan {
  const { text, position: start } = cursor;
  let opening = start;
  let quote = nextOf(text, '"', start);
  let depth = 0;
  for (let index = start; ;) {
    const closing = nextOf(text, ']', index);
    if (opening < index) opening = nextOf(text, '[', index);
    if (quote < index) quote = nextOf(text, '"', index);
    const next = Math.min(closing, opening, quote);
    if (next === Infinity) break;
    if (next === quote) {
      const end = closingQuote(text, quote);
      if (end === -1) break;
      index = end + 1;
      continue;
    }
    index = next + 1;
    depth += next === opening ? 1 : -1;
    if (depth > 0) continue;
    cursor.position = index;
    return { kind: 'span', start, end: index };
  }
  throw jsonError(cursor, "an array without its ']'");
}

function nextOf(text: string, mark: string, from: number): number {
  const index = text.indexOf(mark, from);
  return index === -1 ? Infinity : index;
}

/** The quote that ends the string begun at `start`; -1 when there is none. */
function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}

/**
 * Reads the string at the cursor.
 * @throws HeadwayError `invalid_argument` for bad escapes, control characters, text that is not
 * UTF-8 and half of a surrogate pair.
 */
export function readString(cursor: JsonCursor): string {
  const { text, position: start } = cursor;
  let escaped = false;
  let ascii = true;
  let index = start + 1;
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x22) break;
    if (code < 0x20) throw jsonError(cursor, 'a control character in the string');
    if (code === 0x5c) {
      escaped = true;
      index += 1;
    } else if (code >= 0x80) {
      ascii = false;
    }
  }
  if (index >= text.length) throw jsonError(cursor, 'a string without its closing quote');
  let content = text.slice(start + 1, index);
  if (!ascii) content = decodeUtf8(cursor, content);
  if (escaped) content = unescape(cursor, content);
  cursor.position = index + 1;
  return content;
}

function decodeUtf8(cursor: JsonCursor, latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  if (!isUtf8(bytes)) throw jsonError(cursor, 'a string that is not UTF-8');
  return bytes.toString('utf8');
}

function unescape(cursor: JsonCursor, content: string): string {
  let result: unknown;
  try {
    result = JSON.parse(`"${content}"`);
  } catch {
    throw jsonError(cursor, 'a bad escape in the string');
  }
  if (typeof result !== 'string' || !result.isWellFormed()) {
    throw jsonError(cursor, 'half of a surrogate pair in the string');
  }
  return result;
}
