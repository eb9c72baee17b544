import { invalidArgument } from '../../core/error.ts';
import { type Shape, elementCount, formatShape } from '../../core/shape.ts';
import type { TensorSpec } from '../../core/tensor.ts';

/** A declared shape as people read it: `[batch,3,224,224]`, `?` for a size without a name. */
export function formatSpecShape({ shape, dimensionNames }: TensorSpec): string {
  return `[${shape.map((size, axis) => (size === -1 ? (dimensionNames?.[axis] ?? '?') : size)).join(',')}]`;
}

/**
 * The shape of an input whose data does not tell it. Variable sizes come from `--dimension`, by
 * symbolic name or as `input.axis`.
 * @param count the number of elements there are, if that is known: it settles one open size.
 * Otherwise an open first dimension is 1.
 * @throws HeadwayError `invalid_argument` when a size stays open or the count does not fit.
 */
export function resolveShape(
  spec: TensorSpec,
  sizes: ReadonlyMap<string, number>,
  count?: number,
): Shape {
  const given = spec.shape.map((size, axis) => (size === -1 ? sizeOf(spec, axis, sizes) : size));
  const open = given.flatMap((size, axis) => (size === undefined ? [axis] : []));
  // With a count, a single open dimension takes what the others leave.
  const settled: readonly number[] =
    count !== undefined && open.length === 1 ? [] : open.filter((axis) => axis === 0);
  let shape = given.map((size, axis) => (settled.includes(axis) ? 1 : size));
  if (count !== undefined) shape = fillFromCount(shape, count);
  const missing = shape.findIndex((size) => size === undefined);
  if (missing !== -1) throw openSize(spec, missing);
  const whole = shape.map((size) => size ?? 0);
  if (count !== undefined && elementCount(whole) !== count) {
    throw invalidArgument(
      `Input '${spec.name}' has ${count} elements, which do not fill its shape ${formatSpecShape(spec)}${given.includes(undefined) ? '' : ` with the sizes given, ${formatShape(whole)}`}.`,
    );
  }
  return whole;
}

function sizeOf(
  { name, dimensionNames }: TensorSpec,
  axis: number,
  sizes: ReadonlyMap<string, number>,
): number | undefined {
  return sizes.get(`${name}.${axis}`) ?? sizes.get(dimensionNames?.[axis] ?? '');
}

function fillFromCount(
  shape: readonly (number | undefined)[],
  count: number,
): (number | undefined)[] {
  const hole = shape.indexOf(undefined);
  if (hole === -1 || shape.indexOf(undefined, hole + 1) !== -1) return [...shape];
  const rest = shape.reduce<number>((product, size) => product * (size ?? 1), 1);
  return shape.map((size) => size ?? (rest > 0 ? Math.floor(count / rest) : 0));
}

function openSize(spec: TensorSpec, axis: number): Error {
  const { name, dimensionNames } = spec;
  const dimension = dimensionNames?.[axis] ?? `${name}.${axis}`;
  return invalidArgument(
    `Input '${name}' has shape ${formatSpecShape(spec)}; say how large its dimension ${axis} is: --dimension ${dimension}=SIZE`,
  );
}
