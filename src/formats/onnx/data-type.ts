import type { Datatype } from '../../core/datatype.ts';

/** The element types of ONNX tensors and their numbers in the format. */
export const onnxDataTypes = {
  undefined: 0,
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4e2m1: 23,
  float8e8m0: 24,
  uint2: 25,
  int2: 26,
} as const;

export type OnnxDataTypeName = keyof typeof onnxDataTypes;

/** The number of an element type in the format; a file may hold one that is not in the table. */
export type OnnxDataType = number;

const elementBits: ReadonlyMap<OnnxDataType, number> = new Map(
  Object.entries({
    float: 32,
    uint8: 8,
    int8: 8,
    uint16: 16,
    int16: 16,
    int32: 32,
    int64: 64,
    bool: 8,
    float16: 16,
    double: 64,
    uint32: 32,
    uint64: 64,
    complex64: 64,
    complex128: 128,
    bfloat16: 16,
    float8e4m3fn: 8,
    float8e4m3fnuz: 8,
    float8e5m2: 8,
    float8e5m2fnuz: 8,
    uint4: 4,
    int4: 4,
    float4e2m1: 4,
    float8e8m0: 8,
    uint2: 2,
    int2: 2,
  } satisfies Record<Exclude<OnnxDataTypeName, 'undefined' | 'string'>, number>).map(
    ([name, bits]) => [onnxDataTypes[name as OnnxDataTypeName], bits],
  ),
);

/**
 * The bytes that `elementCount` elements take in a file; elements under a byte are packed.
 * `undefined` for strings and for a type that is not known.
 */
export function onnxByteLength(dataType: OnnxDataType, elementCount: number): number | undefined {
  const bits = elementBits.get(dataType);
  return bits === undefined ? undefined : Math.ceil((elementCount * bits) / 8);
}

/** The ONNX element type that holds a datatype of the protocol. */
export const onnxDataTypeOf: Readonly<Record<Datatype, OnnxDataType>> = {
  BOOL: onnxDataTypes.bool,
  UINT8: onnxDataTypes.uint8,
  UINT16: onnxDataTypes.uint16,
  UINT32: onnxDataTypes.uint32,
  UINT64: onnxDataTypes.uint64,
  INT8: onnxDataTypes.int8,
  INT16: onnxDataTypes.int16,
  INT32: onnxDataTypes.int32,
  INT64: onnxDataTypes.int64,
  FP16: onnxDataTypes.float16,
  BF16: onnxDataTypes.bfloat16,
  FP32: onnxDataTypes.float,
  FP64: onnxDataTypes.double,
  BYTES: onnxDataTypes.string,
};
