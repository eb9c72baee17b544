import { invalidArgument } from '../core/error.ts';
import { elementCount } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';

const lengthBytes = 4;

/** A BYTES input, and whose it is. */
export interface BytesInput {
  readonly name: string;
  readonly modelName: string;
  readonly tensor: Tensor;
}

/**
 * Walks the elements of a BYTES input: each a 4-byte little-endian length and that many bytes, and as
 * many of them as the shape asks for.
 * @throws HeadwayError `invalid_argument`, in Triton's words.
 */
export function checkBytesElements({ name, modelName, tensor }: BytesInput): void {
  const { data, shape } = tensor;
  const expected = elementCount(shape) ?? 0;
  const owner = `for inference input '${name}' for model '${modelName}'`;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let offset = 0;
  let count = 0;
  while (offset < data.byteLength) {
    const left = data.byteLength - offset;
    if (left < lengthBytes) {
      throw invalidArgument(
        `incomplete string length indicator ${owner}, expecting ${lengthBytes} bytes but only ${left} bytes available`,
      );
    }
    count += 1;
    if (count > expected) {
      throw invalidArgument(
        `unexpected number of string elements ${count} ${owner}, expecting ${expected}`,
      );
    }
    const length = view.getUint32(offset, true);
    if (length > left - lengthBytes) {
      throw invalidArgument(
        `incomplete string data ${owner}, expecting string of length ${length} but only ${left - lengthBytes} bytes available`,
      );
    }
    offset += lengthBytes + length;
  }
  if (count === expected) return;
  throw invalidArgument(`expected ${expected} string elements ${owner}, got ${count}`);
}
