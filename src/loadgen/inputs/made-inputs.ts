import type { Random } from '../../core/statistics/random.ts';
import type { InputSpec, NamedTensors, Tensor, TensorSpec } from '../../core/tensor.ts';
import { makeTensor } from '../../operators/inputs/made-tensor.ts';

/** How inputs are made up. */
export interface MadeInputOptions {
  /** What numbers are drawn from; `undefined` for zeros. */
  readonly random: Random | undefined;
  /** Sizes of variable dimensions, by symbolic name or as `input.axis`. */
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Makes one request's inputs up from what a model says of them. What the model can do without is
 * left out.
 * @throws HeadwayError `invalid_argument` when a size stays open, or for an input over 1 GiB.
 */
export function makeInputs(
  specs: readonly InputSpec[],
  { random, sizes }: MadeInputOptions,
): NamedTensors {
  const inputs = new Map<string, Tensor>();
  for (const spec of specs) {
    if (spec.hasDefault === true) continue;
    inputs.set(spec.name, makeTensor(random?.next ?? 'zero', spec, sizes));
  }
  return inputs;
}

/** Sizes for dimensions whose size nobody gave. */
export interface AssumedSizes {
  readonly sizes: ReadonlyMap<string, number>;
  /** What was assumed, for people: `input.2=224`. */
  readonly assumed: readonly string[];
}

const pictureSide = 224;
const otherSize = 128;

/**
 * Completes the sizes that were given: one item a batch, pictures of 224 pixels a side, and 128 of
 * anything else, such as tokens. Dimensions of one name get one size.
 */
export function assumeSizes(
  specs: readonly InputSpec[],
  given: ReadonlyMap<string, number>,
): AssumedSizes {
  const sizes = new Map(given);
  const assumed: string[] = [];
  for (const spec of specs) {
    if (spec.hasDefault === true) continue;
    for (const [axis, size] of spec.shape.entries()) {
      const name = spec.dimensionNames?.[axis] ?? `${spec.name}.${axis}`;
      if (size !== -1 || sizes.has(name) || sizes.has(`${spec.name}.${axis}`)) continue;
      const likely = axis === 0 ? 1 : isPicture(spec) ? pictureSide : otherSize;
      sizes.set(name, likely);
      if (axis !== 0) assumed.push(`${name}=${likely}`);
    }
  }
  return { sizes, assumed };
}

function isPicture({ shape }: TensorSpec): boolean {
  const isChannels = (size: number | undefined): boolean => size === 1 || size === 3;
  return shape.length === 4 && (isChannels(shape[1]) || isChannels(shape[3]));
}
