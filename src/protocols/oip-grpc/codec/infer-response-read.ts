import type { ParameterValue } from '../../../core/batch.ts';
import { datatypeBytes } from '../../../core/datatype.ts';
import { invalidArgument } from '../../../core/error.ts';
import { elementCount } from '../../../core/shape.ts';
import type { Tensor } from '../../../core/tensor.ts';
import { WireReader } from '../../../formats/protobuf/reader.ts';
import type { InferResponse } from '../../../server/interface.ts';
import { readTypedContents } from './contents.ts';
import {
  type DeclaredTensor,
  addBounded,
  assertDeclared,
  readDeclaredTensor,
} from './declared-tensor.ts';
import { type InferParameter, readParameterEntry } from './infer-parameter.ts';

/** A ModelInferResponse as a client sees it. */
export type InferResponseMessage = Omit<InferResponse, 'timings'>;

/** A ModelStreamInferResponse: the answer to a request of the stream, or why there is none. */
export interface StreamResponseMessage {
  /** Empty when the request was answered. */
  readonly errorMessage: string;
  readonly response: InferResponseMessage;
}

/**
 * Reads a ModelInferResponse. Raw contents are views into the message.
 * @throws HeadwayError `invalid_argument` when the bytes are none.
 */
export function decodeInferResponse(bytes: Uint8Array): InferResponseMessage {
  const reader = new WireReader(bytes, 'ModelInferResponse');
  const declared: DeclaredTensor[] = [];
  const rawContents: Uint8Array[] = [];
  const parameters = new Map<string, InferParameter | undefined>();
  let modelName = '';
  let modelVersion = '';
  let id = '';
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
        readParameterEntry(reader.bytes(), parameters);
        break;
      case 5:
        addBounded(declared, readDeclaredTensor(reader.bytes(), 'output'), 'outputs');
        break;
      case 6:
        addBounded(rawContents, reader.bytes(), 'raw contents');
        break;
      default:
        reader.unknown();
    }
  }
  const outputs = new Map(
    declared.map((output, index) => [
      output.name,
      readOutput(output, { raw: rawContents[index], modelName }),
    ]),
  );
  return { modelName, modelVersion, id, parameters: valuesOf(parameters), outputs };
}

/**
 * Reads a ModelStreamInferResponse.
 * @throws HeadwayError `invalid_argument` when the bytes are none.
 */
export function decodeStreamResponse(bytes: Uint8Array): StreamResponseMessage {
  const reader = new WireReader(bytes, 'ModelStreamInferResponse');
  let errorMessage = '';
  let response: Uint8Array = new Uint8Array(0);
  while (reader.nextField()) {
    if (reader.fieldNumber === 1) errorMessage = reader.text();
    else if (reader.fieldNumber === 2) response = reader.bytes();
    else reader.unknown();
  }
  return { errorMessage, response: decodeInferResponse(response) };
}

/** Servers answer raw contents; the protocol permits typed ones. */
function readOutput(
  output: DeclaredTensor,
  { raw, modelName }: { readonly raw: Uint8Array | undefined; readonly modelName: string },
): Tensor {
  const { name, shape, contents = [] } = output;
  const datatype = assertDeclared(output, 'output');
  const data =
    raw === undefined
      ? readTypedContents({
          inputName: name,
          modelName,
          datatype,
          messages: contents,
          maxBytes: Number.MAX_SAFE_INTEGER,
        })
      : new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
  if (datatype === 'BYTES') return { datatype, shape, data };
  const wantedBytes = (elementCount(shape) ?? 0) * datatypeBytes[datatype];
  if (data.byteLength === wantedBytes) return { datatype, shape, data };
  throw invalidArgument(
    `The output '${name}' of model '${modelName}' has ${data.byteLength} bytes; its datatype and shape ask for ${wantedBytes}.`,
  );
}

function valuesOf(
  parameters: ReadonlyMap<string, InferParameter | undefined>,
): Record<string, ParameterValue> {
  const values: [string, ParameterValue][] = [];
  for (const [name, parameter] of parameters) {
    if (parameter !== undefined) values.push([name, parameter.value]);
  }
  return Object.fromEntries(values);
}
