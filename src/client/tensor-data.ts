import { type Datatype, datatypeBytes } from '../core/datatype.ts';
import { invalidArgument } from '../core/error.ts';
import { type Shape, elementCount, formatShape } from '../core/shape.ts';
import { type Tensor, decodeBytesElements, encodeBytesElements } from '../core/tensor.ts';

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
  /** Texts are sent as UTF-8; answers are always bytes. */
  readonly BYTES: readonly (string | Uint8Array)[];
}

type AnswerData = Omit<DataByDatatype, 'BYTES'> & { readonly BYTES: readonly Uint8Array[] };

/** A tensor to send: `switch (datatype)` narrows `data`. */
export type InputTensor = {
  [D in Datatype]: {
    readonly name: string;
    readonly datatype: D;
    readonly shape: Shape;
    readonly data: DataByDatatype[D];
  };
}[Datatype];

/** A tensor received: `switch (datatype)` narrows `data`. */
export type OutputTensor = {
  [D in Datatype]: { readonly datatype: D; readonly shape: Shape; readonly data: AnswerData[D] };
}[Datatype];

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
} as const satisfies Record<Exclude<Datatype, 'BOOL' | 'BYTES'>, unknown>;

/**
 * The wire form of a tensor; typed arrays are not copied.
 * @throws HeadwayError `invalid_argument` when the data is of another type or count than the
 * datatype and shape say.
 */
export function toWireTensor(input: InputTensor): Tensor {
  const { name, datatype, shape, data } = input;
  const count = elementCount(shape);
  if (data.length !== count) {
    throw invalidArgument(
      `Input '${name}' has ${data.length} elements; shape ${formatShape(shape)} asks for ${count ?? 'no possible number'}.`,
    );
  }
  return { datatype, shape, data: toBytes(input) };
}

function toBytes({ name, datatype, data }: InputTensor): Uint8Array {
  if (datatype === 'BOOL') return Uint8Array.from(data, Number);
  if (datatype === 'BYTES') {
    return encodeBytesElements(
      data.map((element) => (typeof element === 'string' ? Buffer.from(element) : element)),
    );
  }
  const arrayType = arrayTypes[datatype];
  if (data instanceof arrayType) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  throw invalidArgument(`The data of input '${name}' must be a ${arrayType.name} for ${datatype}.`);
}

/** A tensor off the wire as typed elements, copied only where its bytes do not lie aligned. */
export function fromWireTensor({ datatype, shape, data }: Tensor): OutputTensor {
  switch (datatype) {
    case 'BOOL':
      return { datatype, shape, data: Array.from(data, (byte) => byte !== 0) };
    case 'BYTES':
      return { datatype, shape, data: decodeBytesElements(data) ?? [] };
    default: {
      const bytes = datatypeBytes[datatype];
      const aligned = data.byteOffset % bytes === 0 ? data : new Uint8Array(data);
      const elements = new arrayTypes[datatype](
        aligned.buffer as ArrayBuffer,
        aligned.byteOffset,
        aligned.byteLength / bytes,
      );
      // The table pairs each datatype with its array, which the compiler cannot follow by index.
      return { datatype, shape, data: elements } as OutputTensor;
    }
  }
}
