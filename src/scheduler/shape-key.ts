import type { NamedTensors } from '../core/tensor.ts';

/**
 * What requests must have in common to share a batch: input names, datatypes and dimensions
 * beyond the first. Of a padded input only the number of dimensions counts.
 * @param paddedInputNames the inputs for which the model config declares a pad value.
 * @param order the request's place in the order of submission. One that leaves out every input has
 * no rows by which a joined answer could be cut, so it runs alone.
 */
export function shapeKey(
  inputs: NamedTensors,
  paddedInputNames: ReadonlySet<string>,
  order: number,
): string {
  if (inputs.size === 0) return `alone ${order}`;
  if (inputs.size === 1) {
    for (const [name, tensor] of inputs) return inputKey(name, tensor, paddedInputNames);
  }
  const parts: string[] = [];
  for (const [name, tensor] of inputs) parts.push(inputKey(name, tensor, paddedInputNames));
  // Clients may list the inputs in any order.
  return parts.sort().join('|');
}

function inputKey(
  name: string,
  tensor: { readonly datatype: string; readonly shape: readonly number[] },
  paddedInputNames: ReadonlySet<string>,
): string {
  const { datatype, shape } = tensor;
  // The length in front keeps a name that looks like the rest of a key from being taken for it.
  let key = `${name.length}:${name} ${datatype}`;
  if (paddedInputNames.has(name)) return `${key} rank ${shape.length}`;
  for (let axis = 1; axis < shape.length; axis += 1) key += ` ${shape[axis]}`;
  return key;
}
