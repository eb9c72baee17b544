import { type Datatype, isDatatype } from '../../../core/datatype.ts';
import { invalidArgument } from '../../../core/error.ts';
import { type Shape, elementCount } from '../../../core/shape.ts';
import type { Tensor } from '../../../core/tensor.ts';
import type { SharedMemoryReference } from '../../../server/interface.ts';
import type { BinaryReader } from './binary.ts';
import type { JsonObject, JsonSpan, JsonValue } from './json.ts';
import { type JsonDataReader, createJsonDataReader } from './json-data.ts';
import { quoteText } from './quote.ts';
import { readSharedMemoryReference } from './shared-memory.ts';
import { asArray, asOptionalObject, asText, describe } from './members.ts';

/** What a message says of a tensor. */
export interface TensorHead {
  readonly name: string;
  /** As errors name it: `input 'x'`. */
  readonly owner: string;
  readonly datatype: Datatype;
  readonly shape: Shape;
  readonly place: TensorPlace;
}

/** Where a tensor's data is. */
export type TensorPlace =
  | { readonly kind: 'json'; readonly span: JsonSpan }
  | { readonly kind: 'binary'; readonly byteLength: number }
  | { readonly kind: 'shared'; readonly reference: SharedMemoryReference };

/** The message a tensor is read from. */
export interface TensorSource {
  /** The JSON, one character a byte. */
  readonly text: string;
  readonly binary: BinaryReader;
}

/**
 * A tensor; one given as JSON is without its data until `pending` is read, and one in shared memory
 * until it is fetched from there.
 */
export interface ReadTensor {
  readonly name: string;
  readonly tensor: Tensor;
  readonly pending: JsonDataReader | undefined;
  readonly shared: SharedMemoryReference | undefined;
}

const maxRank = 64;
const noData: Uint8Array = new Uint8Array(0);

/**
 * Reads an entry of `inputs` or `outputs`.
 * @throws HeadwayError `invalid_argument` saying what is wrong.
 */
export function readTensorHead(members: JsonObject, kind: 'input' | 'output'): TensorHead {
  const name = asText(members.get('name'), `The 'name' of an ${kind}`);
  const owner = `${kind} ${quoteText(name)}`;
  const datatype = asText(members.get('datatype'), `The 'datatype' of ${owner}`);
  if (!isDatatype(datatype)) {
    throw invalidArgument(`The datatype ${quoteText(datatype)} of ${owner} is not known.`);
  }
  const shape = readShape(members.get('shape'), owner);
  const parameters = asOptionalObject(members.get('parameters'), `The 'parameters' of ${owner}`);
  return { name, owner, datatype, shape, place: readPlace(members, parameters, owner) };
}

function readPlace(
  members: JsonObject,
  parameters: JsonObject | undefined,
  owner: string,
): TensorPlace {
  const reference = readSharedMemoryReference(parameters, owner);
  const size = parameters?.get('binary_data_size');
  const data = members.get('data');
  assertOneSource({ data, size, shared: reference }, owner);
  if (reference !== undefined) return { kind: 'shared', reference };
  if (size === undefined) return { kind: 'json', span: asSpan(data, owner) };
  if (typeof size === 'number' && size >= 0) return { kind: 'binary', byteLength: size };
  throw invalidArgument(`The 'binary_data_size' of ${owner} must be a whole number from 0.`);
}

/**
 * Takes a tensor's data where it is at hand.
 * @throws HeadwayError `invalid_argument` when its binary data does not fit.
 */
export function readTensor(head: TensorHead, { text, binary }: TensorSource): ReadTensor {
  const { name, owner, datatype, shape, place } = head;
  switch (place.kind) {
    case 'binary': {
      const data = binary.take(place.byteLength, head);
      return { name, tensor: { datatype, shape, data }, pending: undefined, shared: undefined };
    }
    case 'shared': {
      const tensor = { datatype, shape, data: noData };
      return { name, tensor, pending: undefined, shared: place.reference };
    }
    default: {
      const { start, end } = place.span;
      const count = elementCount(shape) ?? 0;
      const data = { owner, datatype, elementCount: count, text, start, end };
      const pending = createJsonDataReader(data);
      return { name, tensor: { datatype, shape, data: noData }, pending, shared: undefined };
    }
  }
}

function asSpan(data: JsonValue | undefined, owner: string): JsonSpan {
  if (typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'span') {
    return data;
  }
  throw invalidArgument(`The 'data' of ${owner} must be an array, not ${describe(data)}.`);
}

interface Sources {
  readonly data: unknown;
  readonly size: unknown;
  readonly shared: unknown;
}

function assertOneSource({ data, size, shared }: Sources, owner: string): void {
  const given = [
    ...(data === undefined ? [] : ["'data'"]),
    ...(size === undefined ? [] : ["'binary_data_size'"]),
    ...(shared === undefined ? [] : ["'shared_memory_region'"]),
  ];
  if (given.length === 1) return;
  const found = given.length === 0 ? 'no field is set' : `set ${given.join(' ')}`;
  throw invalidArgument(
    `Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But ${found} for ${owner}.`,
  );
}

function readShape(value: JsonValue | undefined, owner: string): Shape {
  const what = `The 'shape' of ${owner}`;
  const dimensions = asArray(value, what);
  if (dimensions.length > maxRank) {
    throw invalidArgument(`${what} has ${dimensions.length} dimensions; the limit is ${maxRank}.`);
  }
  const sizes = dimensions.map((dimension) => {
    const isWhole = typeof dimension === 'number' || typeof dimension === 'bigint';
    if (isWhole && dimension >= 0) return dimension;
    throw invalidArgument(
      `${what} must hold whole numbers from 0, and holds ${describe(dimension)}.`,
    );
  });
  const shape = sizes.map(Number);
  if (elementCount(shape) === undefined) throw tooManyElements(sizes, owner);
  return shape;
}

const maxInt64 = 2n ** 63n - 1n;

/** A shape that nothing can hold, in the words that Triton's clients match on. */
function tooManyElements(sizes: readonly (number | bigint)[], owner: string): Error {
  const count = sizes.reduce<bigint>((product, size) => product * (BigInt(size) || 1n), 1n);
  const shown = `The shape [${sizes.join(',')}] of ${owner}`;
  return invalidArgument(
    count > maxInt64
      ? `${shown} causes total element count to exceed maximum size of ${maxInt64}.`
      : `${shown} is too large: byte size overflow for ${owner}.`,
  );
}
