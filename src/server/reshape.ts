import type { ModelConfig } from '../config/model-config.ts';
import type { Shape, ShapePattern } from '../core/shape.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';

/** Puts tensors into the shapes the other side wants; their bytes are the same. */
export interface Reshaping {
  /** From the shapes clients send to those the model takes. */
  inputs(tensors: NamedTensors): NamedTensors;
  /** From the shapes the model gives to those clients are promised. */
  outputs(tensors: NamedTensors): NamedTensors;
}

interface Change {
  readonly from: ShapePattern;
  readonly to: ShapePattern;
}

/**
 * Makes what the `reshape` of a config's tensors asks for. Variable dimensions keep their size and
 * their order. The tensors must fit the config.
 */
export function createReshaping(config: ModelConfig): Reshaping {
  const leading = (config.maxBatchSize ?? 0) > 0 ? [-1] : [];
  const changesOf = (
    tensors: readonly (ModelConfig['inputs'][number] | ModelConfig['outputs'][number])[],
    isInput: boolean,
  ): ReadonlyMap<string, Change> =>
    new Map(
      tensors.flatMap(({ name, dims, reshape }) => {
        if (reshape === undefined) return [];
        const outside = [...leading, ...dims];
        const inside = [...leading, ...reshape];
        const change = isInput ? { from: outside, to: inside } : { from: inside, to: outside };
        return [[name, change]];
      }),
    );
  const inputs = changesOf(config.inputs, true);
  const outputs = changesOf(config.outputs, false);
  return {
    inputs: (tensors) => reshapeAll(tensors, inputs),
    outputs: (tensors) => reshapeAll(tensors, outputs),
  };
}

function reshapeAll(tensors: NamedTensors, changes: ReadonlyMap<string, Change>): NamedTensors {
  if (changes.size === 0) return tensors;
  const reshaped = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    const change = changes.get(name);
    reshaped.set(
      name,
      change === undefined ? tensor : { ...tensor, shape: changedShape(tensor.shape, change) },
    );
  }
  return reshaped;
}

function changedShape(shape: Shape, { from, to }: Change): Shape {
  const sizes = shape.filter((_, axis) => from[axis] === -1);
  let next = 0;
  return to.map((size) => (size === -1 ? (sizes[next++] ?? size) : size));
}
