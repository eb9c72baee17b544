import { type Datatype, isDatatype } from '../../../core/datatype.ts';
import { invalidArgument } from '../../../core/error.ts';
import { type Shape, elementCount, formatShape } from '../../../core/shape.ts';
import { WireReader } from '../../../formats/protobuf/reader.ts';
import {
  type InferParameter,
  type InferParameters,
  readParameterEntry,
} from './infer-parameter.ts';

/** An InferInputTensor or InferOutputTensor, which have the same fields, before its data is found. */
export interface DeclaredTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: Shape;
  readonly parameters: InferParameters | undefined;
  /** The bytes of `contents`, once for each time it was given. */
  readonly contents: readonly Uint8Array[] | undefined;
}

/** Which of the two messages it is. */
export type TensorRole = 'input' | 'output';

const messageNames = { input: 'InferInputTensor', output: 'InferOutputTensor' } as const;

const maxRank = 64;
const maxTensorCount = 10_000;

/**
 * Reads what a message says of a tensor.
 * @throws HeadwayError `invalid_argument` when the bytes are no such message.
 */
export function readDeclaredTensor(bytes: Uint8Array, role: TensorRole): DeclaredTensor {
  const reader = new WireReader(bytes, messageNames[role]);
  const shape: number[] = [];
  let name = '';
  let datatype = '';
  let parameters: Map<string, InferParameter | undefined> | undefined;
  let contents: Uint8Array[] | undefined;
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case 1:
        name = reader.text();
        break;
      case 2:
        datatype = reader.text();
        break;
      case 3:
        reader.eachInt64((dimension) => {
          if (shape.length <= maxRank) shape.push(Number(dimension));
        });
        break;
      case 4:
        readParameterEntry(reader.bytes(), (parameters ??= new Map()));
        break;
      case 5:
        addBounded((contents ??= []), reader.bytes(), 'contents');
        break;
      default:
        reader.unknown();
    }
  }
  return {
    name,
    datatype,
    shape,
    parameters,
    contents,
  };
}

/** Adds to a list of a message; @throws HeadwayError `invalid_argument` when it is too long. */
export function addBounded<T>(list: T[], entry: T, what: string): void {
  if (list.length >= maxTensorCount) {
    throw invalidArgument(`The message has more than ${maxTensorCount} ${what}.`);
  }
  list.push(entry);
}

/**
 * Checks that a tensor can be.
 * @returns its datatype.
 * @throws HeadwayError `invalid_argument` for an unknown datatype or an impossible shape.
 */
export function assertDeclared(
  { name, datatype, shape }: DeclaredTensor,
  role: TensorRole,
): Datatype {
  if (!isDatatype(datatype)) {
    throw invalidArgument(`The datatype '${datatype}' of ${role} '${name}' is not known.`);
  }
  if (shape.length <= maxRank && elementCount(shape) !== undefined) return datatype;
  throw invalidArgument(
    shape.length > maxRank
      ? `The shape of ${role} '${name}' has more than ${maxRank} dimensions.`
      : `The shape ${formatShape(shape)} of ${role} '${name}' must hold whole numbers from 0 and have no more elements than can be counted.`,
  );
}
