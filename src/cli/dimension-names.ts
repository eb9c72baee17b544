import { didYouMean } from '../core/nearest-name.ts';
import { UsageError } from './usage-error.ts';

/** A tensor whose dimensions may vary: -1 in its shape, by name or without one. */
export interface VariableTensor {
  readonly name: string;
  readonly shape: readonly number[] | null;
  readonly dimensionNames?: readonly (string | null | undefined)[] | undefined;
}

/** What the command line calls the variable dimensions: their names, or `input.axis`. */
export function variableDimensions(tensors: readonly VariableTensor[]): readonly string[] {
  const names = tensors.flatMap(({ name, shape, dimensionNames }) =>
    (shape ?? []).flatMap((size, axis) =>
      size === -1 ? [dimensionNames?.[axis] ?? `${name}.${axis}`] : [],
    ),
  );
  return [...new Set(names)];
}

/**
 * Makes sure that every size given with `--dimension` is one of some dimension.
 * @throws UsageError that names the dimensions there are.
 */
export function checkDimensionNames(
  sizes: ReadonlyMap<string, number>,
  tensors: readonly VariableTensor[],
): void {
  const places = tensors.flatMap(({ name, shape }) =>
    (shape ?? []).flatMap((size, axis) => (size === -1 ? [`${name}.${axis}`] : [])),
  );
  const names = variableDimensions(tensors);
  for (const given of sizes.keys()) {
    if (names.includes(given) || places.includes(given)) continue;
    const all = names.length === 0 ? '; none of its inputs vary.' : `; it has ${names.join(', ')}.`;
    throw new UsageError(
      `--dimension ${given}: the model has no variable dimension of this name${didYouMean(given, names) || all}`,
    );
  }
}
