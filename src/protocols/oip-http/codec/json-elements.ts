import type { Datatype } from '../../../core/datatype.ts';
import { type JsonCursor, scanNumber } from './json-scan.ts';

/** Takes the elements of one tensor in their order. */
export interface JsonElementWriter {
  /** Reads the element at the cursor; says what it must be when it is something else. */
  write(cursor: JsonCursor, index: number): string | undefined;
  bytes(): Uint8Array;
}

type NumericDatatype = Exclude<Datatype, 'BYTES' | 'FP16' | 'BF16'>;

type NarrowArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

const narrowArrays = {
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
} as const;

const floatProblem = 'a number';
const integerProblem = 'a whole number, written without fraction or exponent';
const positiveProblem = 'a whole number from 0, written without fraction or exponent';

const int64Range = { min: -(2n ** 63n), max: 2n ** 63n - 1n, problem: integerProblem } as const;
const uint64Range = { min: 0n, max: 2n ** 64n - 1n, problem: positiveProblem } as const;

/** A writer of fixed-size elements, into `byteLength` bytes of its own. */
export function createJsonElementWriter(
  datatype: NumericDatatype,
  byteLength: number,
): JsonElementWriter {
  const memory = new ArrayBuffer(byteLength);
  const bytes = (): Uint8Array => new Uint8Array(memory);
  switch (datatype) {
    case 'BOOL':
      return { write: booleanWriter(new Uint8Array(memory)), bytes };
    case 'FP32':
      return { write: floatWriter(new Float32Array(memory)), bytes };
    case 'FP64':
      return { write: floatWriter(new Float64Array(memory)), bytes };
    case 'INT64':
      return { write: wideWriter(memory, int64Range), bytes };
    case 'UINT64':
      return { write: wideWriter(memory, uint64Range), bytes };
    default: {
      const range = datatype.startsWith('U') ? uint64Range : int64Range;
      return { write: narrowWriter(new narrowArrays[datatype](memory), range), bytes };
    }
  }
}

type WriteElement = JsonElementWriter['write'];

function booleanWriter(out: Uint8Array): WriteElement {
  return (cursor, index) => {
    const isTrue = cursor.text.startsWith('true', cursor.position);
    if (!isTrue && !cursor.text.startsWith('false', cursor.position)) return 'true or false';
    cursor.position += isTrue ? 4 : 5;
    out[index] = isTrue ? 1 : 0;
    return undefined;
  };
}

function floatWriter(out: Float32Array | Float64Array): WriteElement {
  return (cursor, index) => {
    if (!scanNumber(cursor)) return floatProblem;
    out[index] = cursor.number;
    return undefined;
  };
}

type IntegerRange = typeof int64Range | typeof uint64Range;

/** Keeps the low bits of what fits 64 bits: Triton does not check narrow integers either. */
function narrowWriter(out: NarrowArray, range: IntegerRange): WriteElement {
  return (cursor, index) => {
    const start = cursor.position;
    if (!scanNumber(cursor) || !cursor.isInteger) return range.problem;
    if (Number.isSafeInteger(cursor.number)) {
      if (cursor.number < 0 && range.min === 0n) return range.problem;
      out[index] = cursor.number;
      return undefined;
    }
    const exact = BigInt(cursor.text.slice(start, cursor.position));
    if (exact < range.min || exact > range.max) return range.problem;
    out[index] = Number(BigInt.asIntN(32, exact));
    return undefined;
  };
}

/** Writes 64-bit integers as two halves: a BigInt for every element would cost several times more. */
function wideWriter(memory: ArrayBuffer, range: IntegerRange): WriteElement {
  const halves = new Uint32Array(memory);
  const whole = new BigInt64Array(memory);
  return (cursor, index) => {
    const start = cursor.position;
    if (!scanNumber(cursor) || !cursor.isInteger) return range.problem;
    const value = cursor.number;
    if (Number.isSafeInteger(value)) {
      if (value < 0 && range.min === 0n) return range.problem;
      halves[2 * index] = value;
      halves[2 * index + 1] = Math.floor(value / 4294967296);
      return undefined;
    }
    const exact = BigInt(cursor.text.slice(start, cursor.position));
    if (exact < range.min || exact > range.max) return range.problem;
    whole[index] = exact;
    return undefined;
  };
}
