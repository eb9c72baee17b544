import { isUtf8 } from 'node:buffer';
import { invalidArgument } from '../../../core/error.ts';
import { viewElements } from '../../../core/tensor-elements.ts';
import { type Tensor, decodeBytesElements } from '../../../core/tensor.ts';

const sliceElements = 16 * 1024;

/**
 * A tensor's elements as the inside of a flat JSON array, in slices that joined make the text. NaN
 * and infinities are the bare tokens Triton writes.
 * @param owner as errors name it: `output 'x'`.
 * @throws HeadwayError `invalid_argument` for FP16 and BF16, which have no JSON form, and for BYTES
 * that are not UTF-8.
 */
export function writeJsonData(tensor: Tensor, owner: string): Generator<string> {
  switch (tensor.datatype) {
    case 'FP16':
    case 'BF16':
      throw invalidArgument(
        `The data of ${owner} is ${tensor.datatype} and must be sent as binary data: set its parameter 'binary_data'.`,
      );
    case 'BYTES':
      return writeSlices(toTexts(tensor.data, owner), (texts) => texts.join(','));
    case 'BOOL':
      return writeSlices(tensor.data, (flags) => Array.from(flags, (flag) => flag !== 0).join(','));
    case 'FP32':
    case 'FP64':
      return writeSlices<NumberArray>(viewElements(tensor.datatype, tensor.data), joinFloats);
    default:
      return writeSlices<NumberArray>(viewElements(tensor.datatype, tensor.data), (numbers) =>
        numbers.join(','),
      );
  }
}

interface Sliceable<S> {
  readonly length: number;
  slice(from: number, to: number): S;
}

function* writeSlices<S>(elements: Sliceable<S>, join: (slice: S) => string): Generator<string> {
  for (let from = 0; from < elements.length; from += sliceElements) {
    const text = join(elements.slice(from, from + sliceElements));
    yield from === 0 ? text : `,${text}`;
  }
}

type NumberArray = ReturnType<typeof viewElements>;

/** Joining drops the sign of zero, so such slices go element by element. */
function joinFloats(floats: NumberArray): string {
  if (!floats.some((value: number | bigint) => Object.is(value, -0))) return floats.join(',');
  return Array.from(floats as Iterable<number>, (value) =>
    Object.is(value, -0) ? '-0.0' : String(value),
  ).join(',');
}

function toTexts(data: Uint8Array, owner: string): string[] {
  const elements = decodeBytesElements(data);
  if (elements === undefined) throw new TypeError(`The BYTES framing of ${owner} is broken.`);
  return elements.map((element) => {
    if (!isUtf8(element)) {
      throw invalidArgument(
        `The data of ${owner} holds bytes that are not UTF-8; ask for it as binary data: set its parameter 'binary_data'.`,
      );
    }
    return JSON.stringify(
      Buffer.from(element.buffer, element.byteOffset, element.byteLength).toString(),
    );
  });
}
