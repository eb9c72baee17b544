import type { Datatype } from '../../../core/datatype.ts';
import { invalidArgument } from '../../../core/error.ts';
import { type Shape, elementCount, formatShape } from '../../../core/shape.ts';
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
  /** The next bytes, as a view, checked against the datatype and shape. */
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
      assertBinaryData(data, tensor, modelName);
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
 * Checks binary data against a datatype and shape, BYTES by walking its frames.
 * @throws HeadwayError `invalid_argument`.
 */
export function assertBinaryData(data: Uint8Array, tensor: BinaryTensor, modelName: string): void {
  const { owner, datatype, shape } = tensor;
  if (datatype === 'BYTES') {
    assertFrames(data, tensor);
    return;
  }
  const expected = tensorByteLength(datatype, shape);
  if (expected === data.byteLength) return;
  throw invalidArgument(
    `byte size mismatch for ${owner} for model '${modelName}'. Expected ${expected}, got ${data.byteLength}`,
  );
}

function assertFrames(data: Uint8Array, { owner, shape }: BinaryTensor): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const expected = elementCount(shape);
  let offset = 0;
  let count = 0;
  while (offset < data.byteLength) {
    const left = data.byteLength - offset - 4;
    const length = left < 0 ? 0 : view.getUint32(offset, true);
    if (left < 0 || length > left) {
      throw invalidArgument(
        `Element ${count} of ${owner} runs past the end of its BYTES data; each element is a 4-byte little-endian length and then its bytes.`,
      );
    }
    offset += 4 + length;
    count += 1;
  }
  if (count === expected) return;
  throw invalidArgument(
    `The BYTES data of ${owner} holds ${count} elements where shape ${formatShape(shape)} asks for ${expected}.`,
  );
}
