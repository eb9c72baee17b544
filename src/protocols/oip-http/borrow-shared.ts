import type { Tensor } from '../../core/tensor.ts';
import type {
  InferRequest,
  RequestedOutput,
  SharedMemoryLease,
  SharedMemoryRegistry,
} from '../../server/interface.ts';
import type { DecodedInferRequest } from './codec/request.ts';

/** What of a request lies in shared memory, fetched from there. */
export interface BorrowedTensors extends Pick<InferRequest, 'inputs' | 'outputs'> {
  /** To be released when the request is answered; `undefined` when nothing is shared. */
  readonly memory: SharedMemoryLease | undefined;
}

/**
 * Fetches the inputs of a request that are in shared memory, and the places its outputs go to.
 * @throws HeadwayError as `SharedMemoryLease.borrow`; nothing stays borrowed then.
 */
export function borrowShared(
  { request, form, sharedInputs }: DecodedInferRequest,
  sharedMemory: SharedMemoryRegistry,
): BorrowedTensors {
  const { sharedByName } = form;
  if (sharedInputs === undefined && sharedByName === undefined) {
    return { inputs: request.inputs, outputs: request.outputs, memory: undefined };
  }
  const memory = sharedMemory.lease();
  try {
    const inputs = new Map<string, Tensor>(request.inputs);
    for (const [name, reference] of sharedInputs ?? []) {
      const tensor = inputs.get(name);
      if (tensor !== undefined) inputs.set(name, { ...tensor, data: memory.borrow(reference) });
    }
    const outputs = request.outputs.map((output): RequestedOutput => {
      const reference = sharedByName?.get(output.name);
      return reference === undefined ? output : { ...output, target: memory.borrow(reference) };
    });
    return { inputs, outputs, memory };
  } catch (error) {
    memory.release();
    throw error;
  }
}
