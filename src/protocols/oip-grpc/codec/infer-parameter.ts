import type { ParameterValue, Parameters } from '../../../core/batch.ts';
import { invalidArgument } from '../../../core/error.ts';
import { WireReader } from '../../../formats/protobuf/reader.ts';
import type { WireWriter } from '../../../formats/protobuf/writer.ts';

/** An InferParameter with the member of its oneof that is set. */
export interface InferParameter {
  readonly kind: 'bool_param' | 'int64_param' | 'string_param' | 'double_param' | 'uint64_param';
  readonly value: ParameterValue;
}

/** Parameters by name; `undefined` for one whose value is not set. */
export type InferParameters = ReadonlyMap<string, InferParameter | undefined>;

/** More parameters than anyone needs, and few enough to be held. */
const maxParameterCount = 1000;

/**
 * Reads one entry of a map of parameters into `into`.
 * @throws HeadwayError `invalid_argument`.
 */
export function readParameterEntry(
  entry: Uint8Array,
  into: Map<string, InferParameter | undefined>,
): void {
  const reader = new WireReader(entry, 'ParametersEntry');
  let name = '';
  let parameter: InferParameter | undefined;
  while (reader.nextField()) {
    if (reader.fieldNumber === 1) name = reader.text();
    else if (reader.fieldNumber === 2) parameter = readParameter(reader.bytes());
    else reader.unknown();
  }
  into.set(name, parameter);
  if (into.size > maxParameterCount) {
    throw invalidArgument(`The message has more than ${maxParameterCount} parameters.`);
  }
}

function readParameter(bytes: Uint8Array): InferParameter | undefined {
  const reader = new WireReader(bytes, 'InferParameter');
  let parameter: InferParameter | undefined;
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case 1:
        parameter = { kind: 'bool_param', value: reader.bool() };
        break;
      case 2:
        parameter = { kind: 'int64_param', value: toNumber(reader.int64()) };
        break;
      case 3:
        parameter = { kind: 'string_param', value: reader.text() };
        break;
      case 4:
        parameter = { kind: 'double_param', value: reader.double() };
        break;
      case 5:
        parameter = { kind: 'uint64_param', value: toNumber(reader.uint64()) };
        break;
      default:
        reader.unknown();
    }
  }
  return parameter;
}

function toNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Writes a map of parameters. */
export function writeParameters(
  writer: WireWriter,
  fieldNumber: number,
  parameters: Parameters,
): void {
  for (const [name, value] of Object.entries(parameters)) {
    writer.message(fieldNumber, (entry) => {
      entry.text(1, name);
      entry.message(2, (parameter) => writeParameter(parameter, value));
    });
  }
}

/** Writes a text, which is left out where it is empty. */
export function writeText(writer: WireWriter, fieldNumber: number, text: string): void {
  if (text !== '') writer.text(fieldNumber, text);
}

function writeParameter(writer: WireWriter, value: ParameterValue): void {
  switch (typeof value) {
    case 'boolean':
      writer.int64(1, value ? 1 : 0);
      break;
    case 'string':
      writer.text(3, value);
      break;
    case 'bigint':
      writer.int64(value >= 2n ** 63n ? 5 : 2, value);
      break;
    case 'number':
      if (Number.isSafeInteger(value)) writer.int64(2, value);
      else writer.double(4, value);
      break;
    default:
      value satisfies never;
  }
}
