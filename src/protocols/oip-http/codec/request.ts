import { invalidArgument } from '../../../core/error.ts';
import { HeadwayError } from '../../../core/error.ts';
import { isDatatype } from '../../../core/datatype.ts';
import { type Shape, elementCount, formatShape } from '../../../core/shape.ts';
import { type Tensor, tensorByteLength } from '../../../core/tensor.ts';
import type { InferRequest, RequestedOutput } from '../../../server/interface.ts';
import { createBinaryReader, type BinaryReader } from './binary.ts';
import { type JsonObject, type JsonSpan, type JsonValue, readJson } from './json.ts';
import { createJsonDataReader, type JsonDataReader } from './json-data.ts';
import { asArray, asObject, asOptionalObject, asText, describe } from './members.ts';
import { readOutputParameters, readRequestParameters } from './parameters.ts';

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

const maxRank = 64;

/** JSON data longer than this is read in slices, so that other requests get their turn. */
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
  const pending = new Map<string, PendingInput>();
  let jsonTensorBytes = 0;
  for (const value of asArray(members.get('inputs'), "The request's 'inputs'")) {
    const input = readInput(asObject(value, "An entry of 'inputs'"), { text, binary });
    if (inputs.has(input.name)) throw invalidArgument(`The input '${input.name}' is given twice.`);
    inputs.set(input.name, input.tensor);
    if (input.kind !== 'json') continue;
    jsonTensorBytes += tensorByteLength(input.tensor.datatype, input.tensor.shape) ?? 0;
    if (jsonTensorBytes > options.maxJsonTensorBytes) {
      throw invalidArgument(
        `The tensors given as JSON take more than the limit of ${options.maxJsonTensorBytes} bytes; send them as binary data.`,
      );
    }
    pending.set(input.name, input);
  }
  binary.finish();
  const { parameters, binaryByDefault, ...reserved } = readRequestParameters(
    asOptionalObject(members.get('parameters'), "The request's 'parameters'"),
  );
  const { outputs, binaryByName } = readOutputs(members);
  const decoded: DecodedInferRequest = {
    request: { id: readId(members), inputs, outputs, parameters, ...reserved },
    form: { binaryByDefault, binaryByName },
  };
  if (text.length <= inlineJsonBytes) {
    for (const input of pending.values()) input.reader.read(Infinity);
  } else if (pending.size > 0) {
    return readInSlices(pending, inputs).then(() => decoded);
  }
  for (const input of pending.values()) inputs.set(input.name, completeInput(input));
  return decoded;
}

interface PendingInput {
  readonly kind: 'json';
  readonly name: string;
  /** Still without its data. */
  readonly tensor: Tensor;
  readonly reader: JsonDataReader;
}

type DecodedInput =
  | PendingInput
  | { readonly kind: 'binary'; readonly name: string; readonly tensor: Tensor };

function completeInput({ tensor, reader }: PendingInput): Tensor {
  return { ...tensor, data: reader.bytes() };
}

async function readInSlices(
  pending: ReadonlyMap<string, PendingInput>,
  inputs: Map<string, Tensor>,
): Promise<void> {
  for (const [name, input] of pending) {
    while (!input.reader.read(sliceElements)) await new Promise((resolve) => setImmediate(resolve));
    inputs.set(name, completeInput(input));
  }
}

const noData = new Uint8Array(0);

function readInput(
  members: JsonObject,
  { text, binary }: { readonly text: string; readonly binary: BinaryReader },
): DecodedInput {
  const name = asText(members.get('name'), "The 'name' of an input");
  const owner = `input '${name}'`;
  const datatype = asText(members.get('datatype'), `The 'datatype' of ${owner}`);
  if (!isDatatype(datatype)) {
    throw invalidArgument(`The datatype '${datatype}' of ${owner} is not known.`);
  }
  const shape = readShape(members.get('shape'), owner);
  const parameters = asOptionalObject(members.get('parameters'), `The 'parameters' of ${owner}`);
  refuseSharedMemory(parameters, owner);
  const size = parameters?.get('binary_data_size');
  const data = members.get('data');
  if ((size === undefined) === (data === undefined)) {
    throw invalidArgument(
      `The ${owner} needs either 'data' or the parameter 'binary_data_size', and not both.`,
    );
  }
  if (size !== undefined) {
    if (typeof size !== 'number' || size < 0) {
      throw invalidArgument(`The 'binary_data_size' of ${owner} must be a whole number from 0.`);
    }
    const tensor = { datatype, shape, data: binary.take(size, { owner, name, datatype, shape }) };
    return { kind: 'binary', name, tensor };
  }
  const { start, end } = asSpan(data, owner);
  const count = elementCount(shape) as number;
  const reader = createJsonDataReader({ owner, datatype, elementCount: count, text, start, end });
  return { kind: 'json', name, tensor: { datatype, shape, data: noData }, reader };
}

function asSpan(data: unknown, owner: string): JsonSpan {
  if (typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'span') {
    return data as JsonSpan;
  }
  throw invalidArgument(`The 'data' of ${owner} must be an array.`);
}

function readShape(value: JsonValue | undefined, owner: string): Shape {
  const what = `The 'shape' of ${owner}`;
  const dimensions = asArray(value, what);
  if (dimensions.length > maxRank) {
    throw invalidArgument(`${what} has ${dimensions.length} dimensions; the limit is ${maxRank}.`);
  }
  for (const dimension of dimensions) {
    if (typeof dimension !== 'number' || dimension < 0) {
      throw invalidArgument(
        `${what} must hold whole numbers from 0, and holds ${describe(dimension)}.`,
      );
    }
  }
  const shape = dimensions as readonly number[];
  if (elementCount(shape) === undefined) {
    throw invalidArgument(`${what}, ${formatShape(shape)}, has too many elements.`);
  }
  return shape;
}

function refuseSharedMemory(parameters: JsonObject | undefined, owner: string): void {
  if (parameters?.has('shared_memory_region') !== true) return;
  throw new HeadwayError(
    'unimplemented',
    `Shared memory is not supported; send the data of ${owner} in the request.`,
  );
}

function readId(members: JsonObject): string {
  const id = members.get('id');
  return id === undefined ? '' : asText(id, "The request's 'id'");
}

function readOutputs(members: JsonObject): {
  outputs: readonly RequestedOutput[];
  binaryByName: ReadonlyMap<string, boolean> | undefined;
} {
  const outputs: RequestedOutput[] = [];
  const listed = members.get('outputs');
  if (listed === undefined) return { outputs, binaryByName: undefined };
  const binaryByName = new Map<string, boolean>();
  for (const value of asArray(listed, "The request's 'outputs'")) {
    const output = asObject(value, "An entry of 'outputs'");
    const name = asText(output.get('name'), "The 'name' of an output");
    if (binaryByName.has(name)) throw invalidArgument(`The output '${name}' is asked for twice.`);
    const owner = `output '${name}'`;
    const parameters = asOptionalObject(output.get('parameters'), `The 'parameters' of ${owner}`);
    refuseSharedMemory(parameters, owner);
    const { binary, classificationCount } = readOutputParameters(parameters, owner);
    binaryByName.set(name, binary);
    outputs.push({ name, classificationCount });
  }
  return { outputs, binaryByName };
}
