import type { Tensor } from '../../src/core/tensor.ts';
import { WireReader } from '../../src/formats/protobuf/reader.ts';
import { WireWriter } from '../../src/formats/protobuf/writer.ts';
import type { GrpcTestClient } from '../../src/testing/grpc-client.ts';

/** A place in shared memory. */
export interface SharedPlace {
  readonly region: string;
  readonly byteSize: number;
  readonly offset: number;
}

/** An input as a call carries it. */
export interface GrpcInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** The bytes, or what writes the typed contents, or where it lies. */
  readonly data: Uint8Array | ((contents: WireWriter) => void) | SharedPlace;
}

export interface GrpcInferRequest {
  readonly model: string;
  readonly version?: string;
  readonly inputs: readonly GrpcInput[];
  /** The outputs wanted, where, and as how many classes. */
  readonly outputs?: readonly {
    readonly name: string;
    readonly place?: SharedPlace;
    readonly classification?: number | undefined;
  }[];
  /** Parameters that are numbers. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/** The outputs by name, whose bytes are empty for those in shared memory. */
export type GrpcOutputs = ReadonlyMap<string, Tensor>;

export interface GrpcInferAnswer {
  readonly status: number;
  readonly message: string;
  readonly outputs: GrpcOutputs;
}

/** Calls ModelInfer, field by field, so that requests may be wrong in any way. */
export async function grpcInfer(
  client: GrpcTestClient,
  request: GrpcInferRequest,
): Promise<GrpcInferAnswer> {
  const path = '/inference.GRPCInferenceService/ModelInfer';
  const { status, message, messages } = await client.call(path, encodeRequest(request));
  const [answer] = messages;
  return { status, message, outputs: answer === undefined ? new Map() : readOutputs(answer) };
}

/** Sends one request by ModelStreamInfer: the error in the stream; empty when it was answered. */
export async function grpcStreamError(
  client: GrpcTestClient,
  request: GrpcInferRequest,
): Promise<string> {
  const path = '/inference.GRPCInferenceService/ModelStreamInfer';
  const { messages } = await client.call(path, encodeRequest(request));
  const reader = new WireReader(messages[0] ?? new Uint8Array(0), 'ModelStreamInferResponse');
  let text = '';
  while (reader.nextField()) {
    if (reader.fieldNumber === 1) text = reader.text();
    else reader.unknown();
  }
  return text;
}

function encodeRequest({
  model,
  version = '',
  inputs,
  outputs = [],
  parameters = {},
}: GrpcInferRequest): Buffer {
  const writer = new WireWriter();
  writer.text(1, model);
  writer.text(2, version);
  for (const [name, value] of Object.entries(parameters)) {
    writeEntry(writer, name, (parameter) => parameter.int64(2, value));
  }
  for (const { name, datatype, shape, data } of inputs) {
    writer.message(5, (input) => {
      input.text(1, name);
      input.text(2, datatype);
      input.packedInt64(3, shape);
      if (typeof data === 'function') input.message(5, data);
      else if (!(data instanceof Uint8Array)) writePlace(input, 4, data);
    });
  }
  for (const { name, place, classification } of outputs) {
    writer.message(6, (output) => {
      output.text(1, name);
      if (place !== undefined) writePlace(output, 2, place);
      if (classification !== undefined) {
        writeEntry(output, 'classification', (value) => value.int64(2, classification), 2);
      }
    });
  }
  for (const { data } of inputs) if (data instanceof Uint8Array) writer.bytes(7, data);
  return Buffer.concat(writer.finish());
}

function writePlace(writer: WireWriter, fieldNumber: number, place: SharedPlace): void {
  const put = (name: string, write: (parameter: WireWriter) => void): void =>
    writeEntry(writer, name, write, fieldNumber);
  put('shared_memory_region', (parameter) => parameter.text(3, place.region));
  put('shared_memory_byte_size', (parameter) => parameter.int64(2, place.byteSize));
  put('shared_memory_offset', (parameter) => parameter.int64(2, place.offset));
}

function writeEntry(
  writer: WireWriter,
  name: string,
  write: (parameter: WireWriter) => void,
  fieldNumber = 4,
): void {
  writer.message(fieldNumber, (entry) => {
    entry.text(1, name);
    entry.message(2, write);
  });
}

function readOutputs(bytes: Uint8Array): GrpcOutputs {
  const specs: { name: string; datatype: string; shape: number[] }[] = [];
  const raw: Uint8Array[] = [];
  const reader = new WireReader(bytes, 'ModelInferResponse');
  while (reader.nextField()) {
    if (reader.fieldNumber === 5) specs.push(readSpec(reader.bytes()));
    else if (reader.fieldNumber === 6) raw.push(reader.bytes());
    else reader.unknown();
  }
  return new Map(
    specs.map(({ name, ...spec }, index) => [
      name,
      { ...spec, data: raw[index] ?? new Uint8Array(0) } as Tensor,
    ]),
  );
}

function readSpec(bytes: Uint8Array): { name: string; datatype: string; shape: number[] } {
  const spec = { name: '', datatype: '', shape: [] as number[] };
  const reader = new WireReader(bytes, 'InferOutputTensor');
  while (reader.nextField()) {
    if (reader.fieldNumber === 1) spec.name = reader.text();
    else if (reader.fieldNumber === 2) spec.datatype = reader.text();
    else if (reader.fieldNumber === 3) reader.eachInt64((size) => spec.shape.push(Number(size)));
    else reader.unknown();
  }
  return spec;
}
