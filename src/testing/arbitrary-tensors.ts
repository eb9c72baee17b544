import fc from 'fast-check';
import { type Datatype, datatypeBytes, datatypes } from '../core/datatype.ts';
import { elementCount } from '../core/shape.ts';
import { type Tensor, encodeBytesElements } from '../core/tensor.ts';

/** Datatypes that have a JSON form in the Open Inference Protocol. */
export const jsonDatatypes: readonly Datatype[] = datatypes.filter(
  (datatype) => datatype !== 'FP16' && datatype !== 'BF16',
);

const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 3 });

/** Tensors of the datatypes given, small, with any bits; BYTES are UTF-8 when `text` is set. */
export function arbitraryTensor(
  among: readonly Datatype[],
  { text }: { readonly text: boolean },
): fc.Arbitrary<Tensor> {
  return fc.tuple(fc.constantFrom(...among), shapes).chain(([datatype, shape]) => {
    const count = elementCount(shape) ?? 0;
    return elements(datatype, { count, text }).map((data) => ({ datatype, shape, data }));
  });
}

function elements(
  datatype: Datatype,
  { count, text }: { readonly count: number; readonly text: boolean },
): fc.Arbitrary<Uint8Array> {
  const exactly = { minLength: count, maxLength: count };
  if (datatype === 'BYTES') {
    const element = text
      ? fc.string({ unit: 'grapheme' }).map((it) => new Uint8Array(Buffer.from(it.toWellFormed())))
      : fc.uint8Array({ maxLength: 20 });
    return fc.array(element, exactly).map(encodeBytesElements);
  }
  if (datatype === 'BOOL') {
    return fc.array(fc.boolean(), exactly).map((flags) => Uint8Array.from(flags, Number));
  }
  const byteLength = count * datatypeBytes[datatype];
  return fc
    .uint8Array({ minLength: byteLength, maxLength: byteLength })
    .map(canonicalNaN(datatype));
}

/** JSON has one NaN, so only that one can come back. */
function canonicalNaN(datatype: Datatype): (bytes: Uint8Array) => Uint8Array {
  const floats = { FP32: Float32Array, FP64: Float64Array }[datatype as string];
  if (floats === undefined) return (bytes) => bytes;
  return (bytes) => {
    const values = new floats(bytes.slice().buffer);
    values.forEach((value, index) => {
      if (Number.isNaN(value)) values[index] = Number.NaN;
    });
    return new Uint8Array(values.buffer);
  };
}
