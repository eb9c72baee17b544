import { isDatatype } from '../../../core/datatype.ts';
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

/** The message a tensor is read from. */
export interface TensorSource {
  readonly kind: 'input' | 'output';
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
 * Reads an entry of `inputs` or `outputs`, taking its binary data.
 * @throws HeadwayError `invalid_argument` saying what is wrong.
 */
export function readTensor(members: JsonObject, { kind, text, binary }: TensorSource): ReadTensor {
  const name = asText(members.get('name'), `The 'name' of an ${kind}`);
  const owner = `${kind} ${quoteText(name)}`;
  const datatype = asText(members.get('datatype'), `The 'datatype' of ${owner}`);
  if (!isDatatype(datatype)) {
    throw invalidArgument(`The datatype ${quoteText(datatype)} of ${owner} is not known.`);
  }
  const shape = readShape(members.get('shape'), owner);
  const parameters = asOptionalObject(members.get('parameters'), `The 'parameters' of ${owner}`);
  const shared = readSharedMemoryReference(parameters, owner);
  const size = parameters?.get('binary_data_size');
  const data = members.get('data');
  assertOneSource({ data, size, shared }, owner);
  if (shared !== undefined) {
    return { name, tensor: { datatype, shape, data: noData }, pending: undefined, shared };
  }
  if (size !== undefined) {
    if (typeof size !== 'number' || size < 0) {
      throw invalidArgument(`The 'binary_data_size' of ${owner} must be a whole number from 0.`);
    }
    const bytes = binary.take(size, { owner, datatype, shape });
    return { name, tensor: { datatype, shape, data: bytes }, pending: undefined, shared };
  }
  const { start, end } = asSpan(data, owner);
  const count = elementCount(shape) ?? 0;
  const pending = createJsonDataReader({ owner, datatype, elementCount: count, text, start, end });
  return { name, tensor: { datatype, shape, data: noData }, pending, shared };
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
