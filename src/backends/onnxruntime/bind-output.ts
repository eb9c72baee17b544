import { type Tensor, type TensorSpec, tensorByteLength } from '../../core/tensor.ts';
import { addressOf } from '../../native/onnxruntime/pointers.ts';
import type { NativePointer } from '../../native/onnxruntime/api-table.ts';
import type { TensorValues } from '../../native/onnxruntime/values.ts';
import { inPlaceBytes, isAligned } from './bind-input.ts';
import { createTensorSlot } from './tensor-slot.ts';

/** Where one output of a run goes. */
export interface BoundOutput {
  /** The tensor to write, or 0 for one the runtime makes. */
  readonly tensor: NativePointer;
  /** The answer, after the run. @param written what the run wrote to, or made. */
  take(written: NativePointer): Tensor;
  /** Frees what `take` would have, when the run failed. */
  abandon(written: NativePointer): void;
}

/** Gives one output of each run its place. */
export interface OutputBinding extends Disposable {
  /**
   * @param rowCount size of the batch dimension.
   * @param target where the answer is wanted; used where it is just as large and aligned.
   */
  bind(rowCount: number, target: Uint8Array | undefined): BoundOutput;
  /**
   * Has the runtime make the tensor from now on, as its declared shape turned out not to hold.
   * @returns whether the shape was relied upon until now.
   */
  distrustShape(): boolean;
}

/**
 * Makes the binding of an output. Where its shape is known beforehand the run writes into memory of
 * ours: large answers into memory of their own, small ones into memory used again and again, from
 * which they are copied. Otherwise the runtime makes the tensor and it is copied out.
 */
export function createOutputBinding(
  values: TensorValues,
  spec: TensorSpec,
  isBatched: boolean,
): OutputBinding {
  const { datatype } = spec;
  const slot = createTensorSlot(values, datatype);
  const made: BoundOutput = {
    tensor: 0n,
    take(written) {
      try {
        return values.read(spec.name, written);
      } finally {
        values.release(written);
      }
    },
    abandon(written) {
      if (written !== 0n) values.release(written);
    },
  };
  let isTrusted = true;
  return {
    bind(rowCount, target) {
      const shape = isTrusted ? knownShape(spec, isBatched ? rowCount : undefined) : undefined;
      const byteLength = shape && tensorByteLength(datatype, shape);
      if (shape === undefined || byteLength === undefined) return made;
      if (byteLength < inPlaceBytes) {
        return {
          tensor: slot.tensor(shape, byteLength),
          take: () => ({ datatype, shape, data: Buffer.from(slot.memory(byteLength)) }),
          abandon: () => {},
        };
      }
      const isFit = target?.byteLength === byteLength && isAligned(target);
      const data = isFit ? target : Buffer.allocUnsafeSlow(byteLength);
      const tensor = values.overMemory({ datatype, shape, address: addressOf(data), byteLength });
      return {
        tensor,
        take() {
          values.release(tensor);
          return { datatype, shape, data };
        },
        abandon: () => values.release(tensor),
      };
    },
    distrustShape() {
      const wasTrusted = isTrusted;
      isTrusted = false;
      return wasTrusted;
    },
    [Symbol.dispose]: () => slot[Symbol.dispose](),
  };
}

/** The output's shape where only the batch varies. */
function knownShape({ shape }: TensorSpec, rowCount: number | undefined): number[] | undefined {
  const known =
    rowCount === undefined || shape[0] !== -1 ? [...shape] : [rowCount, ...shape.slice(1)];
  return known.includes(-1) ? undefined : known;
}
