import type { InferResponse } from '../../../server/interface.ts';
import { writeParametersMember, writeTensorHead } from './json-members.ts';
import { writeJsonData } from './json-write.ts';
import type { OutputForm } from './infer-head.ts';
import { writeSharedMemoryParameters } from './shared-memory.ts';

/** The body of an infer answer. */
export interface EncodedInferResponse {
  /** The length of the JSON when binary data follows it; `undefined` when all of it is JSON. */
  readonly headerLength: number | undefined;
  /** JSON text first, then the tensors as they are. */
  readonly parts: readonly (string | Uint8Array)[];
}

/** JSON data of more bytes than this is written in turns of the event loop. */
const inlineJsonBytes = 64 * 1024;

/**
 * Writes an infer answer. Binary outputs are not copied. Large JSON data is written in turns of the
 * event loop, and the result is then a promise.
 * @throws HeadwayError `invalid_argument` for an output whose data has no JSON form.
 */
export function encodeInferResponse(
  response: InferResponse,
  form: OutputForm,
): EncodedInferResponse | Promise<EncodedInferResponse> {
  const binary: Uint8Array[] = [];
  const slices = writeResponse(response, form, binary);
  if (jsonTensorBytes(response, form) > inlineJsonBytes) return writeInTurns(slices, binary);
  let json = '';
  for (const slice of slices) json += slice;
  return { headerLength: headerLengthOf([json], binary), parts: [json, ...binary] };
}

function isBinary(name: string, form: OutputForm): boolean {
  return form.binaryByName?.get(name) ?? (form.binaryByName === undefined && form.binaryByDefault);
}

function jsonTensorBytes({ outputs }: InferResponse, form: OutputForm): number {
  let total = 0;
  for (const [name, { data }] of outputs) {
    if (!isBinary(name, form) && !form.sharedByName?.has(name)) total += data.byteLength;
  }
  return total;
}

async function writeInTurns(
  slices: Iterable<string>,
  binary: Uint8Array[],
): Promise<EncodedInferResponse> {
  const texts: string[] = [];
  for (const slice of slices) {
    texts.push(slice);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { headerLength: headerLengthOf(texts, binary), parts: [...texts, ...binary] };
}

function headerLengthOf(
  texts: readonly string[],
  binary: readonly Uint8Array[],
): number | undefined {
  if (binary.every((data) => data.byteLength === 0)) return undefined;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function* writeResponse(
  response: InferResponse,
  form: OutputForm,
  binary: Uint8Array[],
): Generator<string> {
  yield openResponse(response);
  let separator = '';
  for (const [name, tensor] of response.outputs) {
    const head = separator + writeTensorHead(name, tensor);
    separator = ',';
    const shared = form.sharedByName?.get(name);
    if (shared !== undefined) {
      yield `${head},${writeSharedMemoryParameters(shared, tensor.data.byteLength)}}`;
    } else if (isBinary(name, form)) {
      binary.push(tensor.data);
      yield `${head},"parameters":{"binary_data_size":${tensor.data.byteLength}}}`;
    } else {
      yield `${head},"data":[`;
      yield* writeJsonData(tensor, `output '${name}'`);
      yield ']}';
    }
  }
  yield ']}';
}

function openResponse({ modelName, modelVersion, id, parameters }: InferResponse): string {
  let text = '{';
  if (id !== '') text += `"id":${JSON.stringify(id)},`;
  text += `"model_name":${JSON.stringify(modelName)},"model_version":${JSON.stringify(modelVersion)},`;
  text += writeParametersMember(parameters);
  return `${text}"outputs":[`;
}
