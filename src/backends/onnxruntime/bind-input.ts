import { type Tensor, type TensorSpec, tensorByteLength } from '../../core/tensor.ts';
import type { NativePointer } from '../../native/onnxruntime/api-table.ts';
import { addressOf } from '../../native/onnxruntime/pointers.ts';
import type { TensorValues } from '../../native/onnxruntime/values.ts';
import { joinInto, joinedShape } from '../batch-tensors.ts';
import { createTensorSlot } from './tensor-slot.ts';

/** From this size on, making a tensor over the request's own bytes beats copying them. */
export const inPlaceBytes: number = 64 * 1024;

/** ONNX Runtime's kernels read vectors of this many bytes. */
const alignmentBytes = 16;

/** A tensor handed to a run; `release` frees it afterwards, unless it is kept for reuse. */
export interface BoundTensor {
  readonly tensor: NativePointer;
  readonly release: (() => void) | undefined;
}

/** Turns one input of a batch's requests into one tensor. */
export interface InputBinding extends Disposable {
  bind(parts: readonly Tensor[]): BoundTensor;
}

/**
 * Makes the binding of an input: requests are joined in memory that is used again and again; a large
 * one that is alone is used where it lies.
 * @param pad the bytes of one element, where the input may be padded.
 */
export function createInputBinding(
  values: TensorValues,
  { datatype }: TensorSpec,
  pad: Uint8Array | undefined,
): InputBinding {
  const slot = createTensorSlot(values, datatype);
  return {
    bind(parts) {
      const [first] = parts;
      const shape = first !== undefined && parts.length === 1 ? first.shape : joinedShape(parts);
      if (datatype === 'BYTES') {
        const data = Buffer.concat(parts.map((part) => part.data));
        return own(values, values.ofStrings(shape, data));
      }
      if (first !== undefined && parts.length === 1 && mayRunInPlace(first)) {
        const { data } = first;
        const address = addressOf(data);
        return own(
          values,
          values.overMemory({ datatype, shape, address, byteLength: data.byteLength }),
        );
      }
      const byteLength = tensorByteLength(datatype, shape) ?? 0;
      joinInto(slot.memory(byteLength), parts, { shape, pad });
      return { tensor: slot.tensor(shape, byteLength), release: undefined };
    },
    [Symbol.dispose]: () => slot[Symbol.dispose](),
  };
}

function own(values: TensorValues, tensor: NativePointer): BoundTensor {
  return { tensor, release: () => values.release(tensor) };
}

function mayRunInPlace({ data }: Tensor): boolean {
  return data.byteLength >= inPlaceBytes && isAligned(data);
}

/** Whether the runtime may use the bytes where they are; buffers themselves begin aligned. */
export function isAligned(data: Uint8Array): boolean {
  return data.byteOffset % alignmentBytes === 0;
}
