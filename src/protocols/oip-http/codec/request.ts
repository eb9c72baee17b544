import { invalidArgument } from '../../../core/error.ts';
import { type Tensor, tensorByteLength } from '../../../core/tensor.ts';
import type { InferRequest, RequestedOutput } from '../../../server/interface.ts';
import { createBinaryReader } from './binary.ts';
import { type JsonObject, readJson } from './json.ts';
import { asArray, asObject, asOptionalObject, asText } from './members.ts';
import { quoteText } from './quote.ts';
import { readOutputParameters, readRequestParameters } from './parameters.ts';
import {
  type ReadTensor,
  type TensorSource,
  readTensor,
  refuseSharedMemory,
} from './tensor-read.ts';

/** In which form each output is to be answered. */
export interface OutputForm {
  /** Of outputs that were not listed. */
  readonly binaryByDefault: boolean;
  /** Of listed outputs; `undefined` when none were. */
  readonly binaryByName: ReadonlyMap<string, boolean> | undefined;
}

/** What the body of an infer request says. */
export interface DecodedInferRequest {
  readonly request: Pick<
    InferRequest,
    'id' | 'inputs' | 'outputs' | 'parameters' | 'priority' | 'timeoutMicroseconds'
  >;
  readonly form: OutputForm;
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
 * Binary tensors are views into the body. Large JSON data is read in turns of the event loop, and
 * the result is then a promise.
 * @throws HeadwayError `invalid_argument` saying what is wrong and where, `unimplemented` for
 * sequences and shared memory.
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
  const pending = readInputs(members, { kind: 'input', text, binary }, inputs);
  binary.finish();
  assertJsonTensorBytes(pending, options.maxJsonTensorBytes);
  const reserved = readRequestParameters(
    asOptionalObject(members.get('parameters'), "The request's 'parameters'"),
  );
  const { outputs, binaryByName } = readOutputs(members);
  const decoded: DecodedInferRequest = {
    request: {
      id: readId(members),
      inputs,
      outputs,
      parameters: reserved.parameters,
      priority: reserved.priority,
      timeoutMicroseconds: reserved.timeoutMicroseconds,
    },
    form: { binaryByDefault: reserved.binaryByDefault, binaryByName },
  };
  if (pending.length === 0) return decoded;
  if (text.length > inlineJsonBytes) return readInSlices(pending, inputs).then(() => decoded);
  for (const input of pending) {
    input.pending?.read(Infinity);
    complete(input, inputs);
  }
  return decoded;
}

/** Fills `inputs` and returns those whose data is still to be read. */
function readInputs(
  members: JsonObject,
  source: TensorSource,
  inputs: Map<string, Tensor>,
): readonly ReadTensor[] {
  const pending: ReadTensor[] = [];
  for (const value of asArray(members.get('inputs'), "The request's 'inputs'")) {
    const input = readTensor(asObject(value, "An entry of 'inputs'"), source);
    if (inputs.has(input.name))
      throw invalidArgument(`The input ${quoteText(input.name)} is given twice.`);
    inputs.set(input.name, input.tensor);
    if (input.pending !== undefined) pending.push(input);
  }
  return pending;
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
}

const allOutputs: Outputs = Object.freeze({ outputs: [], binaryByName: undefined });

function readOutputs(members: JsonObject): Outputs {
  const listed = members.get('outputs');
  if (listed === undefined) return allOutputs;
  const values = asArray(listed, "The request's 'outputs'");
  if (values.length === 0) return allOutputs;
  const outputs: RequestedOutput[] = [];
  const binaryByName = new Map<string, boolean>();
  for (const value of values) {
    const output = asObject(value, "An entry of 'outputs'");
    const name = asText(output.get('name'), "The 'name' of an output");
    if (binaryByName.has(name))
      throw invalidArgument(`output ${quoteText(name)} already exists in request`);
    const owner = `output ${quoteText(name)}`;
    const parameters = asOptionalObject(output.get('parameters'), `The 'parameters' of ${owner}`);
    refuseSharedMemory(parameters, owner);
    const { binary, classificationCount } = readOutputParameters(parameters, owner);
    binaryByName.set(name, binary);
    outputs.push({ name, classificationCount });
  }
  return { outputs, binaryByName };
}
