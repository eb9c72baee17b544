import type { Parameters } from '../../../core/batch.ts';
import type { NamedTensors, Tensor } from '../../../core/tensor.ts';
import { writeParametersMember, writeTensorHead } from './json-members.ts';
import { writeJsonData } from './json-write.ts';

/** An infer request as a client makes it. */
export interface InferRequestMessage {
  /** Empty for none. */
  readonly id: string;
  readonly inputs: NamedTensors;
  /** Names of the outputs wanted; empty for all. */
  readonly outputs: readonly WantedOutput[];
  /** The model's own and the reserved ones (`priority`, `timeout`). */
  readonly parameters: Parameters;
  /** Whether tensors travel as binary data, there and back, rather than as JSON. */
  readonly binary: boolean;
}

export interface WantedOutput {
  readonly name: string;
  /** The number of classes wanted instead of the tensor; 0 for the tensor itself. */
  readonly classificationCount: number;
}

/** A body: JSON text, then binary tensor data. */
export interface EncodedMessage {
  /** For `Inference-Header-Content-Length`; `undefined` when all of the body is JSON. */
  readonly headerLength: number | undefined;
  readonly json: string;
  readonly binary: readonly Uint8Array[];
}

/**
 * Writes the body of an infer request. Binary tensors are not copied.
 * @throws HeadwayError `invalid_argument` for data without a JSON form when `binary` is off.
 */
export function encodeInferRequest(message: InferRequestMessage): EncodedMessage {
  const { id, inputs, outputs } = message;
  const binary: Uint8Array[] = [];
  const texts: string[] = [];
  for (const [name, tensor] of inputs) texts.push(writeInput(name, tensor, message.binary));
  if (message.binary) for (const { data } of inputs.values()) binary.push(data);
  let json = '{';
  if (id !== '') json += `"id":${JSON.stringify(id)},`;
  json += writeParametersMember(
    message.binary && outputs.length === 0
      ? { ...message.parameters, binary_data_output: true }
      : message.parameters,
  );
  json += `"inputs":[${texts.join(',')}]`;
  if (outputs.length > 0) {
    const wanted = outputs.map((output) => writeWantedOutput(output, message.binary));
    json += `,"outputs":[${wanted.join(',')}]`;
  }
  json += '}';
  const headerLength = message.binary ? Buffer.byteLength(json) : undefined;
  return { headerLength, json, binary };
}

function writeInput(name: string, tensor: Tensor, binary: boolean): string {
  const head = writeTensorHead(name, tensor);
  if (binary) return `${head},"parameters":{"binary_data_size":${tensor.data.byteLength}}}`;
  return `${head},"data":[${[...writeJsonData(tensor, `input '${name}'`)].join('')}]}`;
}

function writeWantedOutput({ name, classificationCount }: WantedOutput, binary: boolean): string {
  const parameters =
    classificationCount > 0
      ? `"binary_data":${binary},"classification":${classificationCount}`
      : `"binary_data":${binary}`;
  return `{"name":${JSON.stringify(name)},"parameters":{${parameters}}}`;
}
