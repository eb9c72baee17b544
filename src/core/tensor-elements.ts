import { type Datatype, datatypeBytes } from './datatype.ts';
import { type Tensor, decodeBytesElements, encodeBytesElements } from './tensor.ts';

/** What the elements of each datatype are given as; BF16 as its 16 bits. */
export interface DataByDatatype {
  readonly BOOL: readonly boolean[];
  readonly UINT8: Uint8Array;
  readonly UINT16: Uint16Array;
  readonly UINT32: Uint32Array;
  readonly UINT64: BigUint64Array;
  readonly INT8: Int8Array;
  readonly INT16: Int16Array;
  readonly INT32: Int32Array;
  readonly INT64: BigInt64Array;
  readonly FP16: Float16Array;
  readonly BF16: Uint16Array;
  readonly FP32: Float32Array;
  readonly FP64: Float64Array;
  /** Texts become UTF-8. */
  readonly BYTES: readonly (string | Uint8Array)[];
}

/** What the elements of each datatype are read as. */
export type ElementsByDatatype = Omit<DataByDatatype, 'BYTES'> & {
  readonly BYTES: readonly Uint8Array[];
};

/** Datatypes whose elements lie in a typed array. */
export type ArrayDatatype = Exclude<Datatype, 'BOOL' | 'BYTES'>;

const arrayTypes = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Float16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const satisfies Record<ArrayDatatype, unknown>;

/** What an array of elements of a datatype is called: `Float32Array`, or `plain array`. */
export function elementsName(datatype: Datatype): string {
  return datatype === 'BOOL' || datatype === 'BYTES' ? 'plain array' : arrayTypes[datatype].name;
}

/**
 * The wire bytes of elements; typed arrays are not copied.
 * @returns `undefined` when the elements are not what the datatype is given as.
 */
export function encodeElements<D extends Datatype>(
  datatype: D,
  elements: DataByDatatype[D],
): Uint8Array | undefined;
export function encodeElements(
  datatype: Datatype,
  elements: DataByDatatype[Datatype],
): Uint8Array | undefined {
  if (datatype === 'BOOL' || datatype === 'BYTES') {
    if (!Array.isArray(elements)) return undefined;
    if (datatype === 'BOOL') return Uint8Array.from(elements, Number);
    return encodeBytesElements(
      elements.map((element: string | Uint8Array) =>
        typeof element === 'string' ? Buffer.from(element) : element,
      ),
    );
  }
  if (!(elements instanceof arrayTypes[datatype])) return undefined;
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/**
 * The elements of a tensor, copied only where its bytes do not lie aligned.
 * @returns the kind of array that `ElementsByDatatype` names for the tensor's datatype.
 */
export function decodeElements({ datatype, data }: Tensor): ElementsByDatatype[Datatype] {
  if (datatype === 'BOOL') return Array.from(data, (byte) => byte !== 0);
  if (datatype === 'BYTES') return decodeBytesElements(data) ?? [];
  return viewElements(datatype, data);
}

/** The typed array over a tensor's bytes; they are copied only where they do not lie aligned. */
export function viewElements(
  datatype: ArrayDatatype,
  data: Uint8Array,
): ElementsByDatatype[ArrayDatatype] {
  const size = datatypeBytes[datatype];
  const aligned = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  return new arrayTypes[datatype](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / size,
  );
}
