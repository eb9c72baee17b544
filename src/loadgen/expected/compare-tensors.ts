import { type Datatype, datatypeBytes } from '../../core/datatype.ts';
import { isFloat, plainAccess } from '../../core/element-access.ts';
import { formatShape } from '../../core/shape.ts';
import { decodeElements } from '../../core/tensor-elements.ts';
import type { NamedTensors, Tensor } from '../../core/tensor.ts';
import { jsonElements } from '../../operators/inputs/json-tensor.ts';

/**
 * How far a number may be from the one expected: `absolute + relative × |expected|`. Integers,
 * booleans and texts must be equal.
 */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/**
 * Holds an answer's outputs against those expected; more outputs than expected do not matter. Some
 * nanoseconds an element.
 * @returns what is wrong first: the tensor, the place, what was expected and what came; `undefined`
 * when nothing is.
 */
export function compareOutputs(
  got: NamedTensors,
  expected: NamedTensors,
  tolerance: Tolerance,
): string | undefined {
  for (const [name, wanted] of expected) {
    const output = got.get(name);
    const wrong = output === undefined ? ' is missing' : compareTensor(output, wanted, tolerance);
    if (wrong !== undefined) return `output '${name}'${wrong}`;
  }
  return undefined;
}

function compareTensor(got: Tensor, wanted: Tensor, tolerance: Tolerance): string | undefined {
  if (got.datatype !== wanted.datatype) {
    return `: expected ${wanted.datatype}, got ${got.datatype}`;
  }
  const shapes = [wanted.shape, got.shape].map(formatShape);
  if (shapes[0] !== shapes[1]) return `: expected shape ${shapes.join(', got ')}`;
  // Equal bytes are the common case, and compared at once.
  if (Buffer.compare(got.data, wanted.data) === 0) return undefined;
  const place = isFloat(got.datatype)
    ? findFar(floatsOf(got), floatsOf(wanted), tolerance)
    : findUnequal(got, wanted);
  if (place === -1) return undefined;
  const [want, have] = [wanted, got].map((tensor) =>
    JSON.stringify(jsonElements(tensor, place, place + 1)[0]),
  );
  return `${formatPlace(place, wanted.shape)}: expected ${want}, got ${have}`;
}

/** The first number that is too far from the one expected; -1 when none is. */
function findFar(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  { absolute, relative }: Tolerance,
): number {
  for (let index = 0; index < wanted.length; index += 1) {
    const want = wanted[index] ?? Number.NaN;
    const have = got[index] ?? Number.NaN;
    // What is not finite is only near itself.
    if (Object.is(have, want) || have === want) continue;
    const isNear = Math.abs(have - want) <= absolute + relative * Math.abs(want);
    if (!isNear || !Number.isFinite(want)) return index;
  }
  return -1;
}

function floatsOf(tensor: Tensor): ArrayLike<number> {
  const { datatype, data } = tensor;
  if (datatype !== 'BF16') return decodeElements(tensor) as ArrayLike<number>;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const { get } = plainAccess.BF16;
  return Float32Array.from({ length: data.byteLength / 2 }, (_, index) => get(view, index * 2));
}

/** The first element whose bytes are others; -1 when none is. */
function findUnequal(got: Tensor, wanted: Tensor): number {
  const width = datatypeBytes[got.datatype as Exclude<Datatype, 'BYTES'>];
  if (width !== undefined) {
    return Math.floor(wanted.data.findIndex((byte, index) => byte !== got.data[index]) / width);
  }
  const [have, want] = [got, wanted].map((tensor) => decodeElements(tensor) as Uint8Array[]);
  return want?.findIndex((text, index) => Buffer.compare(text, have?.[index] ?? empty) !== 0) ?? -1;
}

const empty: Uint8Array = new Uint8Array(0);

/** The place of an element, one number a dimension: `[0,17]`. */
function formatPlace(index: number, shape: readonly number[]): string {
  let rest = index;
  const place = shape.toReversed().map((size) => {
    const at = rest % size;
    rest = Math.floor(rest / size);
    return at;
  });
  return place.length === 0 ? '' : formatShape(place.reverse());
}
