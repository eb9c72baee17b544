import type { Parameters } from '../../../core/batch.ts';
import { invalidArgument } from '../../../core/error.ts';
import { elementCount } from '../../../core/shape.ts';
import { type Tensor, decodeBytesElements } from '../../../core/tensor.ts';
import { createBinaryReader } from './binary.ts';
import { jsonText, readJson } from './json.ts';
import { asArray, asObject, asOptionalObject, asText } from './members.ts';
import { readParameters } from './parameters.ts';
import { type TensorSource, readTensor, readTensorHead } from './tensor-read.ts';

/** An infer answer as a client sees it. */
export interface InferResponseMessage {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/**
 * Reads the body of an infer answer. Binary tensors are views into the body.
 * @param headerLength the answer's `Inference-Header-Content-Length`; `undefined` without one.
 * @throws HeadwayError `invalid_argument` when the body is no infer answer.
 */
export function decodeInferResponse(
  body: Uint8Array,
  headerLength: number | undefined,
): InferResponseMessage {
  const jsonLength = headerLength ?? body.byteLength;
  const text = jsonText(body.subarray(0, jsonLength));
  const members = asObject(readJson(text), 'The answer');
  const modelName = asText(members.get('model_name'), "The answer's 'model_name'");
  const binary = createBinaryReader(body.subarray(jsonLength), modelName);
  const source: TensorSource = { text, binary };
  const outputs = new Map<string, Tensor>();
  for (const value of asArray(members.get('outputs'), "The answer's 'outputs'")) {
    const head = readTensorHead(asObject(value, "An entry of 'outputs'"), 'output');
    const output = readTensor(head, source);
    output.pending?.read(Infinity);
    const data = output.pending?.bytes() ?? output.tensor.data;
    const tensor = { ...output.tensor, data };
    assertElements(output.name, tensor);
    outputs.set(output.name, tensor);
  }
  binary.finish();
  const id = members.get('id');
  const version = members.get('model_version');
  const parameters = asOptionalObject(members.get('parameters'), "The answer's 'parameters'");
  return {
    modelName,
    modelVersion: version === undefined ? '' : asText(version, "The answer's 'model_version'"),
    id: id === undefined ? '' : asText(id, "The answer's 'id'"),
    parameters: readParameters(parameters),
    outputs,
  };
}

function assertElements(name: string, { datatype, shape, data }: Tensor): void {
  if (datatype !== 'BYTES') return;
  const expected = elementCount(shape);
  const found = decodeBytesElements(data)?.length;
  if (found === expected) return;
  throw invalidArgument(
    `The BYTES data of output '${name}' holds ${found ?? 'broken'} elements where its shape asks for ${expected}.`,
  );
}
