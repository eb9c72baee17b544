import type { Datatype } from '../../core/datatype.ts';
import { isFloat } from '../../core/element-access.ts';
import { formatShape } from '../../core/shape.ts';
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
 * Holds an answer's outputs against those expected; more outputs than expected do not matter.
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
    const wrong =
      output === undefined
        ? `output '${name}' is missing`
        : compareTensor(output, wanted, { name, tolerance });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function compareTensor(
  got: Tensor,
  wanted: Tensor,
  { name, tolerance }: { readonly name: string; readonly tolerance: Tolerance },
): string | undefined {
  if (got.datatype !== wanted.datatype) {
    return `output '${name}': expected ${wanted.datatype}, got ${got.datatype}`;
  }
  if (formatShape(got.shape) !== formatShape(wanted.shape)) {
    return `output '${name}': expected shape ${formatShape(wanted.shape)}, got ${formatShape(got.shape)}`;
  }
  // Equal bytes are the common case, and compared at once.
  if (Buffer.compare(got.data, wanted.data) === 0) return undefined;
  const isSame = sameness(got.datatype, tolerance);
  for (let start = 0; ; start += elementsAtATime) {
    const expectedPart = jsonElements(wanted, start, start + elementsAtATime);
    if (expectedPart.length === 0) return undefined;
    const gotPart = jsonElements(got, start, start + elementsAtATime);
    const place = expectedPart.findIndex((element, index) => !isSame(gotPart[index], element));
    if (place === -1) continue;
    const where = formatPlace(start + place, wanted.shape);
    const [want, have] = [expectedPart[place], gotPart[place]].map((it) => JSON.stringify(it));
    return `output '${name}'${where}: expected ${want}, got ${have ?? 'nothing'}`;
  }
}

const elementsAtATime = 4096;

function sameness(
  datatype: Datatype,
  { absolute, relative }: Tolerance,
): (got: unknown, expected: unknown) => boolean {
  if (!isFloat(datatype)) return (got, expected) => got === expected;
  return (got, expected) => {
    // What is not finite comes as a text, and must be the same.
    if (typeof got !== 'number' || typeof expected !== 'number') return got === expected;
    return Math.abs(got - expected) <= absolute + relative * Math.abs(expected);
  };
}

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
