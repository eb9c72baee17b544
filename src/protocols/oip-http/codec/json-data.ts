import { isUtf8 } from 'node:buffer';
import { type Datatype, datatypeBytes } from '../../../core/datatype.ts';
import { invalidArgument } from '../../../core/error.ts';
import { viewOf } from './binary.ts';
import { jsonError, maxJsonDepth, readString, tooDeep } from './json.ts';
import { createJsonElementWriter, type JsonElementWriter } from './json-elements.ts';
import { type JsonCursor, createJsonCursor, skipSpace } from './json-scan.ts';

export interface JsonDataOptions {
  /** Who the data belongs to, as errors name it: `input 'x'`. */
  readonly owner: string;
  readonly datatype: Datatype;
  /** What the shape asks for. */
  readonly elementCount: number;
  /** The whole text, one character a byte. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Reads the elements of a `data` array, some at a time. */
export interface JsonDataReader {
  /** Reads at most so many elements and tells whether the array is read to its end. */
  read(maxElements: number): boolean;
  /** The tensor's bytes, once the end is read. */
  bytes(): Uint8Array;
}

/**
 * Reads a nested or flat array of elements into the wire form. Brackets only need to be balanced:
 * the elements count, not the way they are grouped. Narrow integers keep their low bits, as in
 * Triton.
 * @throws HeadwayError `invalid_argument` for FP16 and BF16, which have no JSON form; from `read`,
 * for a wrong element or a count that is not the shape's.
 */
export function createJsonDataReader(options: JsonDataOptions): JsonDataReader {
  const { owner, datatype, elementCount, text, start, end } = options;
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw invalidArgument(`The data of ${owner} is ${datatype} and must be sent as binary data.`);
  }
  // Every element takes a character at least, so no memory is made for elements that cannot come.
  if (elementCount > end - start) throw countError(options, 'fewer');
  const createWriter = (): JsonElementWriter =>
    datatype === 'BYTES'
      ? createBytesWriter(options)
      : createJsonElementWriter(datatype, elementCount * datatypeBytes[datatype]);
  let reader: JsonDataReader | undefined;
  // Memory is made at the first read, after the caller has seen what it would be in all.
  return {
    read(maxElements) {
      reader ??= createReader(createJsonCursor(text, start), createWriter(), options);
      return reader.read(maxElements);
    },
    bytes: () => reader?.bytes() ?? new Uint8Array(0),
  };
}

function createReader(
  cursor: JsonCursor,
  writer: JsonElementWriter,
  options: JsonDataOptions,
): JsonDataReader {
  const { text, owner, elementCount } = options;
  let depth = 0;
  let count = 0;
  /** Whether a value, not a separator, comes next; and whether `]` may come instead. */
  let wantsValue = true;
  let mayClose = false;

  function open(): void {
    depth += 1;
    if (depth > maxJsonDepth) throw tooDeep(cursor);
    cursor.position += 1;
    mayClose = true;
  }

  function element(): void {
    if (count === elementCount) throw countError(options, 'more');
    const problem = writer.write(cursor, count);
    if (problem !== undefined) {
      throw invalidArgument(`Element ${count} of ${owner} must be ${problem}.`);
    }
    count += 1;
    wantsValue = false;
  }

  return {
    read(maxElements) {
      const stop = count + maxElements;
      while (count < stop) {
        skipSpace(cursor);
        const code = text.charCodeAt(cursor.position);
        if (code === 0x5d && (!wantsValue || mayClose)) {
          depth -= 1;
          cursor.position += 1;
          wantsValue = false;
          if (depth > 0) continue;
          if (count !== elementCount) throw countError(options, String(count));
          return true;
        }
        if (!wantsValue) {
          if (code !== 0x2c) throw jsonError(cursor, "no ',' or ']'");
          cursor.position += 1;
          wantsValue = true;
          mayClose = false;
        } else if (code === 0x5b) {
          open();
        } else {
          element();
        }
      }
      return false;
    },
    bytes: () => writer.bytes(),
  };
}

function countError(options: JsonDataOptions, found: string): Error {
  const { owner, elementCount } = options;
  return invalidArgument(
    `The data of ${owner} has ${found} elements where its shape asks for ${elementCount}.`,
  );
}

function createBytesWriter({
  owner,
  elementCount,
  text,
  start,
  end,
}: JsonDataOptions): JsonElementWriter {
  // Unescaping never makes a string longer, and the quotes are dropped.
  const out = Buffer.allocUnsafe(end - start + 4 * elementCount);
  let length = 0;
  const source = Buffer.from(text.slice(start, end), 'latin1');
  if (!isUtf8(source)) {
    throw invalidArgument(`The data of ${owner} is not UTF-8; send such bytes as binary data.`);
  }
  return {
    write(cursor) {
      if (text.charCodeAt(cursor.position) !== 0x22) return 'a string';
      const written = out.write(readString(cursor), length + 4, 'utf8');
      out.writeUInt32LE(written, length);
      length += 4 + written;
      return undefined;
    },
    bytes: () => viewOf(out, 0, length),
  };
}
