import { invalidArgument } from '../../../core/error.ts';
import { type Tensor, tensorByteLength } from '../../../core/tensor.ts';
import type {
  InferRequest,
  RequestedOutput,
  SharedMemoryReference,
} from '../../../server/interface.ts';
import { createBinaryReader } from './binary.ts';
import { type JsonObject, readJson } from './json.ts';
import { asArray, asObject, asOptionalObject, asText } from './members.ts';
import { quoteText } from './quote.ts';
import { readOutputParameters, readRequestParameters } from './parameters.ts';
import { readSharedMemoryReference } from './shared-memory.ts';
import { type ReadTensor, type TensorSource, readTensor } from './tensor-read.ts';

/** In which form each output is to be answered. */
export interface OutputForm {
  /** Of outputs that were not listed. */
  readonly binaryByDefault: boolean;
  /** Of listed outputs; `undefined` when none were. */
  readonly binaryByName: ReadonlyMap<string, boolean> | undefined;
  /** Of outputs that go to shared memory; `undefined` when none do. */
  readonly sharedByName?: SharedReferences | undefined;
}

/** Places in shared memory by tensor. */
export type SharedReferences = ReadonlyMap<string, SharedMemoryReference>;

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

/** JSON longer than this is read in slices, so that other requests get their turn. */
const inlineJsonBytes = 128 * 1024;
const sliceElements = 16 * 1024;

/**
 * Reads the body of an infer request: JSON, then the binary tensor data in the order of the inputs.
 * Binary tensors are views into the body; those in shared memory are still to be fetched. Large JSON data is read in turns of the event loop, and
 * the result is then a promise.
 * @throws HeadwayError `invalid_argument` saying what is wrong and where, `unimplemented` for
 * sequences.
 */
export function decodeInferRequest(
  body: Uint8Array,
  options: DecodeInferOptions,
): DecodedInferRequest | Promise<DecodedInferRequest> {
  const headerLength = options.headerLength ?? body.byteLength;
  const { root, text } = readJson(body.subarray(0, headerLength));
  const binary = createBinaryReader(body.subarray(headerLength), options.modelName);
  const members = asObject(root, 'The request');
  const inputs = new Map<string, Tensor>();
  const { pending, shared } = readInputs(members, { kind: 'input', text, binary }, inputs);
  binary.finish();
  assertJsonTensorBytes(pending, options.maxJsonTensorBytes);
  const reserved = readRequestParameters(
    asOptionalObject(members.get('parameters'), "The request's 'parameters'"),
  );
  const { outputs, binaryByName, sharedByName } = readOutputs(members);
  const decoded: DecodedInferRequest = {
    request: {
      id: readId(members),
      inputs,
      outputs,
      parameters: reserved.parameters,
      priority: reserved.priority,
      timeoutMicroseconds: reserved.timeoutMicroseconds,
    },
    form: { binaryByDefault: reserved.binaryByDefault, binaryByName, sharedByName },
    sharedInputs: shared,
  };
  if (pending.length === 0) return decoded;
  if (text.length > inlineJsonBytes) return readInSlices(pending, inputs).then(() => decoded);
  for (const input of pending) {
    input.pending?.read(Infinity);
    complete(input, inputs);
  }
  return decoded;
}

interface Inputs {
  /** Those whose data is still to be read. */
  readonly pending: readonly ReadTensor[];
  readonly shared: SharedReferences | undefined;
}

/** Fills `inputs` and tells which of them lack their data. */
function readInputs(
  members: JsonObject,
  source: TensorSource,
  inputs: Map<string, Tensor>,
): Inputs {
  const pending: ReadTensor[] = [];
  let shared: Map<string, SharedMemoryReference> | undefined;
  for (const value of asArray(members.get('inputs'), "The request's 'inputs'")) {
    const input = readTensor(asObject(value, "An entry of 'inputs'"), source);
    if (inputs.has(input.name))
      throw invalidArgument(`The input ${quoteText(input.name)} is given twice.`);
    inputs.set(input.name, input.tensor);
    if (input.pending !== undefined) pending.push(input);
    if (input.shared !== undefined) shared = (shared ?? new Map()).set(input.name, input.shared);
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

function readId(members: JsonObject): string {
  const id = members.get('id');
  return id === undefined ? '' : asText(id, "The request's 'id'");
}

interface Outputs {
  readonly outputs: readonly RequestedOutput[];
  readonly binaryByName: ReadonlyMap<string, boolean> | undefined;
  readonly sharedByName: SharedReferences | undefined;
}

const allOutputs: Outputs = Object.freeze({
  outputs: [],
  binaryByName: undefined,
  sharedByName: undefined,
});

function readOutputs(members: JsonObject): Outputs {
  const listed = members.get('outputs');
  if (listed === undefined) return allOutputs;
  const values = asArray(listed, "The request's 'outputs'");
  if (values.length === 0) return allOutputs;
  const outputs: RequestedOutput[] = [];
  const binaryByName = new Map<string, boolean>();
  let sharedByName: Map<string, SharedMemoryReference> | undefined;
  for (const value of values) {
    const output = asObject(value, "An entry of 'outputs'");
    const name = asText(output.get('name'), "The 'name' of an output");
    if (binaryByName.has(name))
      throw invalidArgument(`output ${quoteText(name)} already exists in request`);
    const owner = `output ${quoteText(name)}`;
    const parameters = asOptionalObject(output.get('parameters'), `The 'parameters' of ${owner}`);
    const { binary, classificationCount } = readOutputParameters(parameters, owner);
    binaryByName.set(name, binary);
    const shared = readSharedMemoryReference(parameters, owner);
    if (shared !== undefined) {
      refuseTwoPlaces(binary, classificationCount);
      sharedByName = (sharedByName ?? new Map()).set(name, shared);
    }
    outputs.push({ name, classificationCount });
  }
  return { outputs, binaryByName, sharedByName };
}

function refuseTwoPlaces(binary: boolean, classificationCount: number): void {
  if (!binary && classificationCount === 0) return;
  const other = binary ? 'binary_data' : 'classification';
  throw invalidArgument(`Output can't set both 'shared_memory_region' and '${other}'`);
}
