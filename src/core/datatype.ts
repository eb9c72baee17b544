/**
 * The datatypes of the Open Inference Protocol, with BF16 as Triton has it, and their bytes per
 * element. BYTES elements have no fixed size: each is a 4-byte little-endian length and then its
 * bytes.
 */
export const datatypeBytes = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: undefined,
} as const;

export type Datatype = keyof typeof datatypeBytes;

export const datatypes: readonly Datatype[] = Object.keys(datatypeBytes) as Datatype[];

/** Whether a string off the wire names a datatype. */
export function isDatatype(text: string): text is Datatype {
  return Object.hasOwn(datatypeBytes, text);
}
