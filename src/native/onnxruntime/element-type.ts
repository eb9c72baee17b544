import type { Datatype } from '../../core/datatype.ts';

/** ONNXTensorElementDataType of each datatype. Source: onnxruntime_c_api.h. */
export const elementTypes: Readonly<Record<Datatype, number>> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
  BF16: 16,
};

/** The datatype of an element type; `undefined` for one the protocols have no name for. */
export function datatypeOf(elementType: number): Datatype | undefined {
  const entry = Object.entries(elementTypes).find(([, type]) => type === elementType);
  return entry?.[0] as Datatype | undefined;
}
