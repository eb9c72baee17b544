import type { Tensor } from '../core/tensor.ts';
import type { InferRequest } from '../server/interface.ts';

/** An FP32 tensor. */
export function fp32Tensor(shape: readonly number[], values: readonly number[]): Tensor {
  return { datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** The elements of an FP32 tensor. */
export function fp32Values(tensor: Tensor | undefined): readonly number[] {
  return tensor === undefined ? [] : [...new Float32Array(new Uint8Array(tensor.data).buffer)];
}

/** A request without limits of its own, unless told otherwise. */
export function inferRequest(
  given: Partial<InferRequest> & Pick<InferRequest, 'modelName' | 'inputs'>,
): InferRequest {
  return {
    modelVersion: '',
    id: '',
    outputs: [],
    parameters: {},
    priority: 0,
    timeoutMicroseconds: 0,
    deadlineMs: undefined,
    signal: undefined,
    receivedMs: 0,
    ...given,
  };
}
