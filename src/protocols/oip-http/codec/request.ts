import { invalidArgument } from '../../../core/error.ts';
import { type Tensor, tensorByteLength } from '../../../core/tensor.ts';
import type { InferRequest, SharedMemoryReference } from '../../../server/interface.ts';
import { createBinaryReader } from './binary.ts';
import {
  type InferHead,
  type OutputForm,
  type SharedReferences,
  createHeadReader,
} from './infer-head.ts';
import { jsonText } from './json.ts';
import { type ReadTensor, type TensorSource, readTensor } from './tensor-read.ts';

/** What the body of an infer request says. */
export interface DecodedInferRequest {
  readonly request: Pick<
    InferRequest,
    'id' | 'inputs' | 'outputs' | 'parameters' | 'priority' | 'timeoutMicroseconds'
  >;
  readonly form: OutputForm;
  /** Where inputs are that are in shared memory: they have no data yet. `undefined` when none are. */
  readonly sharedInputs: SharedReferences | undefined;
}

export interface DecodeInferOptions {
  /** The length of the JSON at the start of the body; `undefined` when all of it is JSON. */
  readonly headerLength: number | undefined;
  /** As errors name it. */
  readonly modelName: string;
  /** The most bytes all tensors given as JSON may take. */
  readonly maxJsonTensorBytes: number;
}

/**
 * Reads the body of an infer request: JSON, then the binary tensor data in the order of the inputs.
 * Binary tensors are views into the body; those in shared memory are still to be fetched. Large JSON
 * data is read in turns of the event loop, and the result is then a promise.
 * @throws HeadwayError `invalid_argument` saying what is wrong and where, `unimplemented` for
 * sequences.
 */
export type InferDecoder = (
  body: Uint8Array,
  options: DecodeInferOptions,
) => DecodedInferRequest | Promise<DecodedInferRequest>;

/** JSON longer than this is read in slices, so that other requests get their turn. */
const inlineJsonBytes = 128 * 1024;
const sliceElements = 16 * 1024;

/** Makes a decoder, which remembers what clients say time and again. */
export function createInferDecoder(): InferDecoder {
  const readHead = createHeadReader();
  return (body, options) => {
    const headerLength = options.headerLength ?? body.byteLength;
    const text = jsonText(body.subarray(0, headerLength));
    const head = readHead(text);
    const binary = createBinaryReader(body.subarray(headerLength), options.modelName);
    const inputs = new Map<string, Tensor>();
    const { pending, shared } = placeInputs(head, { text, binary }, inputs);
    binary.finish();
    const { id, outputs, parameters, priority, timeoutMicroseconds } = head;
    const decoded: DecodedInferRequest = {
      request: { id, inputs, outputs, parameters, priority, timeoutMicroseconds },
      form: head.form,
      sharedInputs: shared,
    };
    if (pending.length === 0) return decoded;
    assertJsonTensorBytes(pending, options.maxJsonTensorBytes);
    if (text.length > inlineJsonBytes) return readInSlices(pending, inputs).then(() => decoded);
    for (const input of pending) {
      input.pending?.read(Infinity);
      complete(input, inputs);
    }
    return decoded;
  };
}

interface Inputs {
  /** Those whose data is still to be read. */
  readonly pending: readonly ReadTensor[];
  readonly shared: SharedReferences | undefined;
}

/** Fills `inputs` and tells which of them lack their data. */
function placeInputs(head: InferHead, source: TensorSource, inputs: Map<string, Tensor>): Inputs {
  const pending: ReadTensor[] = [];
  let shared: Map<string, SharedMemoryReference> | undefined;
  for (const input of head.inputs) {
    const read = readTensor(input, source);
    inputs.set(input.name, read.tensor);
    if (read.pending !== undefined) pending.push(read);
    if (read.shared !== undefined) shared = (shared ?? new Map()).set(input.name, read.shared);
  }
  return { pending, shared };
}

function complete({ name, tensor, pending }: ReadTensor, inputs: Map<string, Tensor>): void {
  if (pending !== undefined) inputs.set(name, { ...tensor, data: pending.bytes() });
}

async function readInSlices(
  inputs: readonly ReadTensor[],
  into: Map<string, Tensor>,
): Promise<void> {
  for (const input of inputs) {
    while (input.pending?.read(sliceElements) === false) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    complete(input, into);
  }
}

/** Text such as `1,1,1` grows when it becomes a tensor; the growth has the limit of a body. */
function assertJsonTensorBytes(inputs: readonly ReadTensor[], maxBytes: number): void {
  let total = 0;
  for (const { tensor } of inputs) total += tensorByteLength(tensor.datatype, tensor.shape) ?? 0;
  if (total <= maxBytes) return;
  throw invalidArgument(
    `The tensors given as JSON take ${total} bytes, more than the limit of ${maxBytes}.`,
  );
}
