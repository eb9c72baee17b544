import { type Datatype, datatypeBytes } from '../../core/datatype.ts';
import { invalidArgument } from '../../core/error.ts';
import { type Shape, formatShape, shapeMatches } from '../../core/shape.ts';
import {
  type Tensor,
  type TensorSpec,
  decodeBytesElements,
  encodeBytesElements,
} from '../../core/tensor.ts';
import { isFloat, plainAccess } from '../../core/element-access.ts';
import { formatSpecShape, resolveShape } from './resolve-shape.ts';

const maxRank = 64;

/** What JSON cannot write as numbers, as protobuf's JSON form writes it. */
const specialNumbers: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/**
 * Makes an input of a JSON value: nested arrays as deep as the input has dimensions, or one flat
 * array. Numbers JSON has no form for are the texts `NaN`, `Infinity` and `-Infinity`; 64-bit
 * integers beyond 2^53 are texts of digits.
 * @throws HeadwayError `invalid_argument` for what does not fit the input.
 */
export function tensorFromJson(
  value: unknown,
  spec: TensorSpec,
  sizes: ReadonlyMap<string, number>,
): Tensor {
  const { datatype } = spec;
  const elements: unknown[] = [];
  const nested = gather(value, spec, { elements, depth: 0 });
  const isFlat = nested.length === 1 && spec.shape.length !== 1;
  const shape = isFlat ? resolveShape(spec, sizes, elements.length) : nested;
  if (!shapeMatches(shape, spec.shape)) {
    throw invalidArgument(
      `Input '${spec.name}' is ${formatShape(shape)}; the model takes ${formatSpecShape(spec)}.`,
    );
  }
  return { datatype, shape, data: encode(elements, spec) };
}

/** Takes the elements of nested arrays in order. @returns their shape. */
function gather(
  value: unknown,
  spec: TensorSpec,
  { elements, depth }: { readonly elements: unknown[]; readonly depth: number },
): Shape {
  if (!Array.isArray(value)) {
    elements.push(value);
    return [];
  }
  if (depth === maxRank) throw invalidArgument(`Input '${spec.name}' is nested too deep.`);
  let inner: Shape | undefined;
  for (const item of value as readonly unknown[]) {
    const shape = gather(item, spec, { elements, depth: depth + 1 });
    inner ??= shape;
    if (shape.length !== inner.length || shape.some((size, axis) => size !== inner?.[axis])) {
      throw invalidArgument(
        `Input '${spec.name}' is uneven: one part of it is ${formatShape(inner)} and another ${formatShape(shape)}.`,
      );
    }
  }
  return [value.length, ...(inner ?? [])];
}

function encode(elements: readonly unknown[], { name, datatype }: TensorSpec): Uint8Array {
  const wrong = (element: unknown, expected: string): Error =>
    invalidArgument(
      `Input '${name}' is ${datatype} and holds ${JSON.stringify(element) ?? 'nothing'}: expected ${expected}.`,
    );
  if (datatype === 'BYTES') {
    const texts = elements.map((element) => {
      if (typeof element !== 'string') throw wrong(element, 'a text');
      return Buffer.from(element);
    });
    return encodeBytesElements(texts);
  }
  const width = datatypeBytes[datatype];
  const data = new Uint8Array(elements.length * width);
  const view = new DataView(data.buffer);
  const write = elementWriter(datatype, view);
  for (const [index, element] of elements.entries()) {
    const expected = write(index * width, element);
    if (expected !== undefined) throw wrong(element, expected);
  }
  return data;
}

/** Writes an element and answers what it should have been, if it is wrong. */
type WriteElement = (offset: number, element: unknown) => string | undefined;

function elementWriter(datatype: Exclude<Datatype, 'BYTES'>, view: DataView): WriteElement {
  if (datatype === 'BOOL') {
    return (offset, element) => {
      if (typeof element !== 'boolean' && element !== 0 && element !== 1) return 'true or false';
      view.setUint8(offset, Number(element));
      return undefined;
    };
  }
  if (datatype === 'INT64' || datatype === 'UINT64') return bigWriter(datatype, view);
  const { set, range } = plainAccess[datatype];
  return (offset, element) => {
    const number = isFloat(datatype) ? (specialNumbers.get(element) ?? element) : element;
    if (typeof number !== 'number') return 'a number';
    if (
      range !== undefined &&
      !(Number.isInteger(number) && number >= range[0] && number <= range[1])
    ) {
      return `a whole number from ${range[0]} to ${range[1]}`;
    }
    set(view, offset, number);
    return undefined;
  };
}

function bigWriter(datatype: 'INT64' | 'UINT64', view: DataView): WriteElement {
  const isSigned = datatype === 'INT64';
  const [min, max] = isSigned ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return (offset, element) => {
    const isDigits = typeof element === 'string' && /^-?\d{1,20}$/.test(element);
    if (!isDigits && !Number.isSafeInteger(element)) {
      return 'a whole number, as a text of digits beyond 2^53';
    }
    const value = BigInt(element as string | number);
    if (value < min || value > max) return `a whole number from ${min} to ${max}`;
    if (isSigned) view.setBigInt64(offset, value, true);
    else view.setBigUint64(offset, value, true);
    return undefined;
  };
}

/** An element as JSON has it. */
export type JsonElement = number | string | boolean;

/**
 * The elements of a tensor in order, from `start` to before `end`, in the form `tensorFromJson`
 * reads. BYTES that are no UTF-8 come with replacement characters.
 */
export function jsonElements(
  { datatype, data }: Tensor,
  start: number,
  end: number,
): JsonElement[] {
  if (datatype === 'BYTES') {
    const elements = decodeBytesElements(data) ?? [];
    return elements.slice(start, end).map((element) => Buffer.from(element).toString());
  }
  const width = datatypeBytes[datatype];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = Math.max(0, Math.min(end, data.byteLength / width) - start);
  const read = elementReader(datatype, view);
  return Array.from({ length: count }, (_, index) => read((start + index) * width));
}

function elementReader(
  datatype: Exclude<Datatype, 'BYTES'>,
  view: DataView,
): (offset: number) => JsonElement {
  if (datatype === 'BOOL') return (offset) => view.getUint8(offset) !== 0;
  if (datatype === 'INT64') return (offset) => fromBigInt(view.getBigInt64(offset, true));
  if (datatype === 'UINT64') return (offset) => fromBigInt(view.getBigUint64(offset, true));
  const { get } = plainAccess[datatype];
  return (offset) => {
    const number = get(view, offset);
    return Number.isFinite(number) ? number : String(number);
  };
}

function fromBigInt(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** A tensor as arrays nested as its shape says; a scalar is its element. */
export function nestedJson(tensor: Tensor): unknown {
  let items: unknown[] = jsonElements(tensor, 0, Infinity);
  for (const size of tensor.shape.slice(1).toReversed()) {
    if (size === 0) return [];
    items = Array.from({ length: items.length / size }, (_, index) =>
      items.slice(index * size, (index + 1) * size),
    );
  }
  return tensor.shape.length === 0 ? items[0] : items;
}
