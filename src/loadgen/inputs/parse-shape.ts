import { invalidArgument } from '../../core/error.ts';
import { didYouMean } from '../../core/nearest-name.ts';
import { shapeMatches } from '../../core/shape.ts';
import type { TensorSpec } from '../../core/tensor.ts';
import { formatSpecShape } from '../../operators/inputs/resolve-shape.ts';

/**
 * Reads the shape of an input, `name:1x3x224x224`, as sizes of its variable dimensions.
 * @throws HeadwayError `invalid_argument` for another form, an unknown input, or a shape the input
 * cannot have.
 */
export function parseShape(
  text: string,
  specs: readonly TensorSpec[],
): ReadonlyMap<string, number> {
  const [, name, list] = /^(.+):(\d{1,9}(?:[x,]\d{1,9})*)$/.exec(text) ?? [];
  if (name === undefined || list === undefined) {
    throw invalidArgument(`'${text}' is no shape of an input: write it as input:1x3x224x224.`);
  }
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec === undefined) {
    const names = specs.map((candidate) => candidate.name);
    throw invalidArgument(
      `The model has no input '${name}'${didYouMean(name, names) || `; it has ${names.join(', ') || 'none'}.`}`,
    );
  }
  const shape = list.split(/[x,]/).map(Number);
  if (!shapeMatches(shape, spec.shape)) {
    throw invalidArgument(
      `Input '${name}' cannot have shape ${list}: the model takes ${formatSpecShape(spec)}.`,
    );
  }
  const open = shape.flatMap((size, axis): [string, number][] =>
    spec.shape[axis] === -1 ? [[`${name}.${axis}`, size]] : [],
  );
  return new Map(open);
}
