import type { Datatype } from '../../../core/datatype.ts';
import { invalidArgument } from '../../../core/error.ts';
import type { Shape } from '../../../core/shape.ts';
import { tensorByteLength } from '../../../core/tensor.ts';

/** Whose bytes are taken, and what they must be. */
export interface BinaryTensor {
  /** As errors name it: `input 'x'`. */
  readonly owner: string;
  readonly datatype: Datatype;
  readonly shape: Shape;
}

/** Hands out the binary tensor data of a body, in order. */
export interface BinaryReader {
  /** The next bytes, as a view, of the length that datatype and shape ask for. */
  take(byteLength: number, tensor: BinaryTensor): Uint8Array;
  /** To be called last: refuses bytes that no tensor took. */
  finish(): void;
}

/**
 * Reads tensor data that follows the JSON of a message. All failures are `invalid_argument`.
 */
export function createBinaryReader(bytes: Uint8Array, modelName: string): BinaryReader {
  let position = 0;
  return {
    take(byteLength, tensor) {
      const missing = byteLength - (bytes.byteLength - position);
      if (missing > 0) {
        throw invalidArgument(
          `unexpected size for ${tensor.owner}, expecting ${missing} additional bytes for model '${modelName}'`,
        );
      }
      const data = viewOf(bytes, position, byteLength);
      position += byteLength;
      assertBinaryLength(data, tensor, modelName);
      return data;
    },
    finish() {
      const extra = bytes.byteLength - position;
      if (extra === 0) return;
      throw invalidArgument(
        `unexpected additional input data for model '${modelName}': ${extra} bytes belong to no tensor`,
      );
    },
  };
}

/** A view that is a Uint8Array even of a Buffer, whose `slice` would not copy. */
export function viewOf(bytes: Uint8Array, start: number, byteLength: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, byteLength);
}

/**
 * Checks the length of binary data against a datatype and shape. The elements of BYTES are checked
 * by who reads them.
 * @throws HeadwayError `invalid_argument`.
 */
export function assertBinaryLength(
  data: Uint8Array,
  { owner, datatype, shape }: BinaryTensor,
  modelName: string,
): void {
  const expected = tensorByteLength(datatype, shape);
  if (datatype === 'BYTES' || expected === data.byteLength) return;
  throw invalidArgument(
    `byte size mismatch for ${owner} for model '${modelName}'. Expected ${expected}, got ${data.byteLength}`,
  );
}
