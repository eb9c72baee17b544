import type { BackendInstance } from '../backends/backend.ts';
import type { Batch } from '../core/batch.ts';
import { HeadwayError } from '../core/error.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';
import type { InferRequest } from './interface.ts';

/**
 * Makes an instance hold the memory its requests borrowed until their run is over, since a client
 * may give up, and its request end, while the run still reads and writes there.
 */
export function holdingMemory(instance: BackendInstance): BackendInstance {
  return {
    execute(batch, signal) {
      if (!batch.requests.some(({ memory }) => memory !== undefined)) {
        return instance.execute(batch, signal);
      }
      return executeHolding(instance, batch, signal);
    },
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
}

function executeHolding(
  instance: BackendInstance,
  batch: Batch,
  signal: AbortSignal,
): ReturnType<BackendInstance['execute']> {
  const letGo = batch.requests.map(({ memory }) => memory?.hold());
  const letAllGo = (): void => {
    for (const release of letGo) release?.();
  };
  let result: ReturnType<BackendInstance['execute']>;
  try {
    result = instance.execute(batch, signal);
  } catch (error) {
    letAllGo();
    throw error;
  }
  if (result instanceof Promise) return result.finally(letAllGo);
  letAllGo();
  return result;
}

/**
 * The inputs of a request whose memory its client may change at any time, such that what is checked
 * is what is used: BYTES, whose lengths are part of the data, are copied. What numbers there are
 * does not matter to their checks.
 */
export function steadyInputs({ inputs, memory }: InferRequest): NamedTensors {
  if (memory === undefined) return inputs;
  const steady = new Map<string, Tensor>();
  for (const [name, tensor] of inputs) {
    const isSteady = tensor.datatype !== 'BYTES';
    steady.set(name, isSteady ? tensor : { ...tensor, data: new Uint8Array(tensor.data) });
  }
  return steady;
}

/** Where the outputs of a request are wanted; `undefined` when all go into the message. */
export function outputTargetsOf(
  request: InferRequest,
): ReadonlyMap<string, Uint8Array> | undefined {
  let targets: Map<string, Uint8Array> | undefined;
  for (const { name, target } of request.outputs) {
    if (target === undefined) continue;
    targets ??= new Map();
    targets.set(name, target);
  }
  return targets;
}

/**
 * Puts outputs where they are wanted, those that are not there already, and copies others that are
 * views of borrowed memory, which is given back before an answer is written.
 * @throws HeadwayError `internal` for a target that is too small.
 */
export function deliverOutputs(request: InferRequest, outputs: NamedTensors): NamedTensors {
  if (request.memory === undefined) return outputs;
  const targets = outputTargetsOf(request);
  const borrowed = new Set([...request.inputs.values()].map(({ data }) => data.buffer));
  const delivered = new Map<string, Tensor>();
  for (const [name, tensor] of outputs) {
    const target = targets?.get(name);
    let { data } = tensor;
    if (target !== undefined) data = put(name, data, target);
    else if (borrowed.has(data.buffer)) data = new Uint8Array(data);
    delivered.set(name, { ...tensor, data });
  }
  return delivered;
}

function put(name: string, data: Uint8Array, target: Uint8Array): Uint8Array {
  if (data.byteLength > target.byteLength) {
    throw new HeadwayError(
      'internal',
      `shared memory size specified with the request for output '${name}' (${target.byteLength} bytes) should be at least ${data.byteLength} bytes to hold the results`,
    );
  }
  const written = target.subarray(0, data.byteLength);
  const isThere = data.buffer === target.buffer && data.byteOffset === target.byteOffset;
  if (!isThere) written.set(data);
  return written;
}
