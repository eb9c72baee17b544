import type { Datatype } from './datatype.ts';

/** Datatypes whose elements are numbers that JavaScript's `number` holds, BF16 among them. */
export type PlainDatatype = Exclude<Datatype, 'BYTES' | 'BOOL' | 'INT64' | 'UINT64'>;

interface Access {
  readonly get: (view: DataView, offset: number) => number;
  readonly set: (view: DataView, offset: number, value: number) => void;
  /** The range of an integer datatype. */
  readonly range?: readonly [min: number, max: number];
}

/** How elements lie in a tensor's little-endian bytes. */
export const plainAccess: Readonly<Record<PlainDatatype, Access>> = {
  UINT8: {
    get: (view, offset) => view.getUint8(offset),
    set: (view, offset, value) => view.setUint8(offset, value),
    range: [0, 2 ** 8 - 1],
  },
  UINT16: {
    get: (view, offset) => view.getUint16(offset, true),
    set: (view, offset, value) => view.setUint16(offset, value, true),
    range: [0, 2 ** 16 - 1],
  },
  UINT32: {
    get: (view, offset) => view.getUint32(offset, true),
    set: (view, offset, value) => view.setUint32(offset, value, true),
    range: [0, 2 ** 32 - 1],
  },
  INT8: {
    get: (view, offset) => view.getInt8(offset),
    set: (view, offset, value) => view.setInt8(offset, value),
    range: [-(2 ** 7), 2 ** 7 - 1],
  },
  INT16: {
    get: (view, offset) => view.getInt16(offset, true),
    set: (view, offset, value) => view.setInt16(offset, value, true),
    range: [-(2 ** 15), 2 ** 15 - 1],
  },
  INT32: {
    get: (view, offset) => view.getInt32(offset, true),
    set: (view, offset, value) => view.setInt32(offset, value, true),
    range: [-(2 ** 31), 2 ** 31 - 1],
  },
  FP16: {
    get: (view, offset) => view.getFloat16(offset, true),
    set: (view, offset, value) => view.setFloat16(offset, value, true),
  },
  BF16: {
    get: (view, offset) => bf16Value(view.getUint16(offset, true)),
    set: (view, offset, value) => view.setUint16(offset, bf16Bits(value), true),
  },
  FP32: {
    get: (view, offset) => view.getFloat32(offset, true),
    set: (view, offset, value) => view.setFloat32(offset, value, true),
  },
  FP64: {
    get: (view, offset) => view.getFloat64(offset, true),
    set: (view, offset, value) => view.setFloat64(offset, value, true),
  },
};

/** Whether elements are floating-point numbers. */
export function isFloat(datatype: Datatype): boolean {
  return ['FP16', 'BF16', 'FP32', 'FP64'].includes(datatype);
}

/** The upper half of an FP32, rounded to nearest, ties to even; NaN stays NaN. */
function bf16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function bf16Value(bits: number): number {
  return new Float32Array(Uint32Array.of(bits * 2 ** 16).buffer)[0] ?? 0;
}
