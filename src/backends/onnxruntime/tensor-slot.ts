import type { Datatype } from '../../core/datatype.ts';
import type { Shape } from '../../core/shape.ts';
import type { NativePointer } from '../../native/onnxruntime/api-table.ts';
import { addressOf } from '../../native/onnxruntime/pointers.ts';
import type { TensorValues } from '../../native/onnxruntime/values.ts';

/** Tensors kept for reuse, by shape; beyond this the kept ones are freed. */
const maxKeptTensors = 32;

/** Memory that an instance uses again and again for one input or output, and tensors over it. */
export interface TensorSlot extends Disposable {
  /** Memory of at least this many bytes, good until the next call. */
  memory(byteLength: number): Uint8Array;
  /** The tensor of this shape over the memory; kept, not to be released. */
  tensor(shape: Shape, byteLength: number): NativePointer;
}

/** Makes a slot that has no memory yet. */
export function createTensorSlot(values: TensorValues, datatype: Datatype): TensorSlot {
  let memory = Buffer.alloc(0);
  let address = 0n;
  const tensors = new Map<string, NativePointer>();
  const releaseAll = (): void => {
    for (const tensor of tensors.values()) values.release(tensor);
    tensors.clear();
  };
  const reserve = (byteLength: number): void => {
    if (address !== 0n && byteLength <= memory.byteLength) return;
    releaseAll();
    // A little more than nothing, so that even an empty tensor has an address.
    memory = Buffer.allocUnsafeSlow(Math.max(64, byteLength));
    address = addressOf(memory);
  };
  return {
    memory(byteLength) {
      reserve(byteLength);
      return memory.subarray(0, byteLength);
    },
    tensor(shape, byteLength) {
      reserve(byteLength);
      const key = shape.join();
      const kept = tensors.get(key);
      if (kept !== undefined) return kept;
      if (tensors.size >= maxKeptTensors) releaseAll();
      const tensor = values.overMemory({ datatype, shape, address, byteLength });
      tensors.set(key, tensor);
      return tensor;
    },
    [Symbol.dispose]: releaseAll,
  };
}
