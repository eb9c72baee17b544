import { type Datatype, datatypeBytes } from './datatype.ts';
import { type Shape, elementCount } from './shape.ts';

/**
 * A tensor in the wire's own form: row-major little-endian bytes. BYTES elements are framed, each a
 * 4-byte little-endian length and then its bytes. Joining tensors along the first dimension is
 * therefore joining their bytes, whatever the datatype.
 */
export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: Shape;
  /** Not to be written after the tensor is made; may be a view into a larger buffer. */
  readonly data: Uint8Array;
}

/** Tensors by name, in the order they were given. */
export type NamedTensors = ReadonlyMap<string, Tensor>;

/** What a model declares of one input or output; the shape includes the batch dimension as -1. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Symbolic names of the dimensions, where the model gives them. */
  readonly dimensionNames?: readonly (string | undefined)[];
}

/** What a model declares of one input. */
export interface InputSpec extends TensorSpec {
  /** The model has a value of its own for it, so a request may leave it out. */
  readonly hasDefault?: boolean;
}

/**
 * The bytes a tensor of this datatype and shape takes. `undefined` for BYTES, whose size depends
 * on its elements, and for an impossible shape.
 */
export function tensorByteLength(datatype: Datatype, shape: Shape): number | undefined {
  const bytes = datatypeBytes[datatype];
  const count = elementCount(shape);
  if (bytes === undefined || count === undefined) return undefined;
  return bytes * count;
}

/** Frames elements as BYTES data: each a 4-byte little-endian length and then its bytes. */
export function encodeBytesElements(elements: readonly Uint8Array[]): Uint8Array {
  const total = elements.reduce((sum, element) => sum + 4 + element.byteLength, 0);
  const data = new Uint8Array(total);
  const view = new DataView(data.buffer);
  let offset = 0;
  for (const element of elements) {
    view.setUint32(offset, element.byteLength, true);
    data.set(element, offset + 4);
    offset += 4 + element.byteLength;
  }
  return data;
}

/**
 * Splits framed BYTES data into its elements, as views without a copy. `undefined` when the
 * framing is broken: a length that runs past the end, or left-over bytes.
 */
export function decodeBytesElements(data: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const elements: Uint8Array[] = [];
  let offset = 0;
  while (offset < data.byteLength) {
    if (offset + 4 > data.byteLength) return undefined;
    const length = view.getUint32(offset, true);
    const end = offset + 4 + length;
    if (end > data.byteLength) return undefined;
    elements.push(data.subarray(offset + 4, end));
    offset = end;
  }
  return elements;
}
