import { invalidArgument } from '../../core/error.ts';
import type { NamedTensors } from '../../core/tensor.ts';
import type { DatasetItem } from '../inputs/read-dataset.ts';

/**
 * Finds what each item of a dataset should be answered with, by the names of the items.
 * @param expected a dataset of outputs; those without an item do not matter.
 * @throws HeadwayError `invalid_argument` naming an item that nothing is expected for.
 */
export function pairExpected(
  items: readonly DatasetItem[],
  expected: readonly DatasetItem[],
): readonly NamedTensors[] {
  const byName = new Map(expected.map(({ name, tensors }) => [name, tensors]));
  return items.map(({ name }) => {
    const tensors = byName.get(name);
    if (tensors !== undefined) return tensors;
    throw invalidArgument(
      `There is nothing that item '${name}' should be answered with: expected outputs go by the names of the items, such as ${name}.npy.`,
    );
  });
}
