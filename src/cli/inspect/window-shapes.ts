import { type Dimension, type KnownShape, add, multiply } from './known-shape.ts';
import type { NodeFacts } from './node-facts.ts';

/** One spatial axis that a window slides along. */
interface WindowAxis {
  readonly size: Dimension;
  readonly kernel: Dimension;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
}

/**
 * The output of a convolution, `[batch, filters, ...]`.
 * @param weightInput which input the weights are, `[filters, channels / groups, ...kernel]`.
 */
export function convShape(node: NodeFacts, weightInput: number): KnownShape | undefined {
  const input = node.shape(0);
  const weight = node.shape(weightInput);
  if (input === undefined || weight === undefined) return undefined;
  const spatial = windowAxes(node, input.slice(2), kernelOf(node, weight)).map((axis) =>
    slidOver(axis, node),
  );
  return [input[0], weight[0], ...spatial];
}

/** The output of a transposed convolution; its weights are `[channels, filters / groups, ...]`. */
export function convTransposeShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  const weight = node.shape(1);
  if (input === undefined || weight === undefined) return undefined;
  const stated = node.ints('output_shape');
  const extra = node.ints('output_padding');
  const isSame = node.text('auto_pad')?.startsWith('SAME') === true;
  const spatial = windowAxes(node, input.slice(2), kernelOf(node, weight)).map((axis, index) => {
    const { size, kernel, stride, dilation, padding } = axis;
    if (stated !== undefined) return stated[index];
    if (isSame) return multiply(size, stride);
    if (size === undefined || kernel === undefined) return undefined;
    return stride * (size - 1) + (extra?.[index] ?? 0) + (kernel - 1) * dilation + 1 - padding;
  });
  return [input[0], multiply(weight[1], node.int('group') ?? 1), ...spatial];
}

/** The output of a pooling operator. */
export function poolShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  const kernel = node.ints('kernel_shape');
  if (input === undefined || kernel === undefined) return undefined;
  const spatial = windowAxes(node, input.slice(2), kernel).map((axis) => slidOver(axis, node));
  return [input[0], input[1], ...spatial];
}

function kernelOf(node: NodeFacts, weight: KnownShape): KnownShape {
  return node.ints('kernel_shape') ?? weight.slice(2);
}

function windowAxes(node: NodeFacts, sizes: KnownShape, kernel: KnownShape): WindowAxis[] {
  const pads = node.ints('pads') ?? [];
  return sizes.map((size, axis) => ({
    size,
    kernel: kernel[axis],
    stride: node.ints('strides')?.[axis] ?? 1,
    dilation: node.ints('dilations')?.[axis] ?? 1,
    padding: (pads[axis] ?? 0) + (pads[axis + sizes.length] ?? 0),
  }));
}

/** How many places a window has along an axis. Source: Conv and MaxPool in ONNX's operator docs. */
function slidOver(
  { size, kernel, stride, dilation, padding }: WindowAxis,
  node: NodeFacts,
): Dimension {
  const autoPad = node.text('auto_pad') ?? 'NOTSET';
  if (size === undefined || kernel === undefined) return undefined;
  if (autoPad.startsWith('SAME')) return Math.ceil(size / stride);
  const padded = autoPad === 'VALID' ? size : add(size, padding);
  const steps = ((padded ?? 0) - dilation * (kernel - 1) - 1) / stride;
  return (node.int('ceil_mode') === 1 ? Math.ceil(steps) : Math.floor(steps)) + 1;
}
