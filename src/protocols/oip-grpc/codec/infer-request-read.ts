import type { Parameters } from '../../../core/batch.ts';
import { invalidArgument } from '../../../core/error.ts';
import type { Tensor } from '../../../core/tensor.ts';
import { WireReader } from '../../../formats/protobuf/reader.ts';
import type {
  RequestedOutput,
  SharedMemoryLease,
  SharedMemoryReference,
} from '../../../server/interface.ts';
import { readTypedContents } from './contents.ts';
import {
  type DeclaredTensor,
  addBounded,
  assertDeclared,
  readDeclaredTensor,
} from './declared-tensor.ts';
import {
  type InferParameter,
  type InferParameters,
  readParameterEntry,
} from './infer-parameter.ts';
import {
  readOutputParameters,
  readRegionReference,
  readRequestParameters,
} from './request-parameters.ts';

/** What a ModelInferRequest says. */
export interface DecodedInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly RequestedOutput[];
  /** Where outputs lie that go to shared memory, by name. */
  readonly outputRegions: ReadonlyMap<string, SharedMemoryReference>;
  readonly parameters: Parameters;
  readonly priority: number;
  readonly timeoutMicroseconds: number;
  /** Of the shared memory it uses; to be released when the request is answered. */
  readonly memory: SharedMemoryLease | undefined;
}

/** What the reading of requests needs beside the message. */
export interface DecodeInferOptions {
  /** The most bytes the tensors of typed contents may take. */
  readonly maxTypedBytes: number;
  /** Begins the use of shared memory. */
  readonly lease: () => SharedMemoryLease;
}

interface DeclaredOutput {
  readonly name: string;
  readonly parameters: InferParameters | undefined;
}

/** The id of a request that cannot be read whole, for its error; empty when it has none. */
export function readInferRequestId(bytes: Uint8Array): string {
  const reader = new WireReader(bytes, 'ModelInferRequest');
  let id = '';
  try {
    while (reader.nextField()) {
      if (reader.fieldNumber === 3) id = reader.text();
      else reader.unknown();
    }
  } catch {
    // What was read before the message broke is still its id.
  }
  return id;
}

/**
 * Reads a ModelInferRequest. Raw contents are views into the message.
 * @throws HeadwayError `invalid_argument` saying what is wrong, `unimplemented` for sequences,
 * `not_found` for unknown shared memory. Shared memory is let go again then.
 */
export function decodeInferRequest(
  bytes: Uint8Array,
  options: DecodeInferOptions,
): DecodedInferRequest {
  const reader = new WireReader(bytes, 'ModelInferRequest');
  const declaredInputs: DeclaredTensor[] = [];
  const declaredOutputs: DeclaredOutput[] = [];
  const rawContents: Uint8Array[] = [];
  let modelName = '';
  let modelVersion = '';
  let id = '';
  let parameters: Map<string, InferParameter | undefined> | undefined;
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case 1:
        modelName = reader.text();
        break;
      case 2:
        modelVersion = reader.text();
        break;
      case 3:
        id = reader.text();
        break;
      case 4:
        readParameterEntry(reader.bytes(), (parameters ??= new Map()));
        break;
      case 5:
        addBounded(declaredInputs, readDeclaredTensor(reader.bytes(), 'input'), 'inputs');
        break;
      case 6:
        addBounded(declaredOutputs, readOutput(reader.bytes()), 'outputs');
        break;
      case 7:
        addBounded(rawContents, reader.bytes(), 'raw contents');
        break;
      default:
        reader.unknown();
    }
  }
  const message = { modelName, inputs: declaredInputs, outputs: declaredOutputs, rawContents };
  const reserved = readRequestParameters(parameters);
  return { modelName, modelVersion, id, ...reserved, ...findTensors(message, options) };
}

function readOutput(bytes: Uint8Array): DeclaredOutput {
  const reader = new WireReader(bytes, 'InferRequestedOutputTensor');
  let name = '';
  let parameters: Map<string, InferParameter | undefined> | undefined;
  while (reader.nextField()) {
    if (reader.fieldNumber === 1) name = reader.text();
    else if (reader.fieldNumber === 2)
      readParameterEntry(reader.bytes(), (parameters ??= new Map()));
    else reader.unknown();
  }
  return { name, parameters };
}

interface DeclaredTensors {
  readonly modelName: string;
  readonly inputs: readonly DeclaredTensor[];
  readonly outputs: readonly DeclaredOutput[];
  readonly rawContents: readonly Uint8Array[];
}

type FoundTensors = Pick<DecodedInferRequest, 'inputs' | 'outputs' | 'outputRegions' | 'memory'>;

function findTensors(message: DeclaredTensors, options: DecodeInferOptions): FoundTensors {
  let lease: SharedMemoryLease | undefined;
  const borrow = (reference: SharedMemoryReference): Uint8Array =>
    (lease ??= options.lease()).borrow(reference);
  try {
    const inputs = findInputs(message, { borrow, maxTypedBytes: options.maxTypedBytes });
    const outputs: RequestedOutput[] = [];
    const outputRegions = new Map<string, SharedMemoryReference>();
    for (const { name, parameters } of message.outputs) {
      if (outputs.some((output) => output.name === name)) {
        throw invalidArgument(`output '${name}' already exists in request`);
      }
      const { classificationCount, region } = readOutputParameters(parameters, name);
      if (region === undefined) outputs.push({ name, classificationCount });
      else {
        outputRegions.set(name, region);
        outputs.push({ name, classificationCount, target: borrow(region) });
      }
    }
    return {
      inputs,
      outputs,
      outputRegions,
      memory: lease,
    };
  } catch (error) {
    lease?.release();
    throw error;
  }
}

interface InputSources {
  readonly borrow: (reference: SharedMemoryReference) => Uint8Array;
  readonly maxTypedBytes: number;
}

function findInputs(
  { modelName, inputs, rawContents }: DeclaredTensors,
  { borrow, maxTypedBytes }: InputSources,
): ReadonlyMap<string, Tensor> {
  const found = new Map<string, Tensor>();
  let nextRaw = 0;
  let typedBytes = 0;
  for (const input of inputs) {
    const { name, shape, contents } = input;
    if (found.has(name)) throw invalidArgument(`The input '${name}' is given twice.`);
    const datatype = assertDeclared(input, 'input');
    const region = readRegionReference(input.parameters, `input '${name}'`);
    const raw = region === undefined ? rawContents[nextRaw] : undefined;
    let data: Uint8Array;
    if (contents !== undefined) {
      if (region !== undefined || rawContents.length > 0)
        throw mixedContents(region, name, modelName);
      const left = maxTypedBytes - typedBytes;
      data = readTypedContents({
        inputName: name,
        modelName,
        datatype,
        messages: contents,
        maxBytes: left,
      });
      typedBytes += data.byteLength;
    } else if (region !== undefined) data = borrow(region);
    else if (raw !== undefined) {
      nextRaw += 1;
      data = new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
    } else {
      throw invalidArgument(
        `unable to find data for input tensor '${name}' for model '${modelName}' in request.`,
      );
    }
    found.set(name, { datatype, shape, data });
  }
  if (nextRaw < rawContents.length) {
    throw invalidArgument(
      `unexpected additional input data for model '${modelName}': ${rawContents.length} raw_input_contents for ${nextRaw} inputs`,
    );
  }
  return found;
}

function mixedContents(
  region: SharedMemoryReference | undefined,
  name: string,
  modelName: string,
): Error {
  return invalidArgument(
    region === undefined
      ? `contents field must not be specified when using raw_input_contents for '${name}' for model '${modelName}'`
      : `unexpected 'content' provided when using shared memory for input tensor '${name}' for model '${modelName}'`,
  );
}
