import {
  type Dimension,
  type KnownShape,
  add,
  knownElementCount,
  maxRank,
  multiply,
  normalAxis,
} from './known-shape.ts';
import type { NodeFacts } from './node-facts.ts';

/** Numbers that newer operator sets take as an input and older ones as an attribute. */
function numbers(node: NodeFacts, attribute: string, input: number): KnownShape | undefined {
  return node.ints(attribute) ?? node.value(input)?.elements;
}

export function reshapeShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  const target = numbers(node, 'shape', 1);
  if (target === undefined) {
    const rank = node.shape(1)?.[0] ?? Infinity;
    return rank > maxRank ? undefined : Array.from({ length: rank }, () => undefined);
  }
  const copiesZero = node.int('allowzero') !== 1;
  const wanted = target.map((size, axis) => (size === 0 && copiesZero ? input?.[axis] : size));
  const hole = target.indexOf(-1);
  if (hole === -1) return wanted;
  const rest = knownElementCount(wanted.toSpliced(hole, 1));
  const count = knownElementCount(input);
  const filled = count !== undefined && rest !== undefined && rest > 0 ? count / rest : undefined;
  return wanted.toSpliced(hole, 1, Number.isInteger(filled) ? filled : undefined);
}

export function flattenShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  if (input === undefined) return undefined;
  const axis = normalAxis(node.int('axis') ?? 1, input.length);
  return [knownElementCount(input.slice(0, axis)), knownElementCount(input.slice(axis))];
}

export function transposeShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  return node.ints('perm')?.map((axis) => input?.[axis]) ?? input?.toReversed();
}

export function squeezeShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  const axes = numbers(node, 'axes', 1);
  if (input === undefined) return undefined;
  if (axes === undefined) {
    return node.inputCount > 1 || input.includes(undefined)
      ? undefined
      : input.filter((size) => size !== 1);
  }
  const dropped = axes.map((axis) => normalAxis(axis ?? 0, input.length));
  return input.filter((_, axis) => !dropped.includes(axis));
}

export function unsqueezeShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  const axes = numbers(node, 'axes', 1);
  if (input === undefined || axes === undefined) return undefined;
  const rank = input.length + axes.length;
  const added = axes.map((axis) => normalAxis(axis ?? 0, rank));
  const left = [...input];
  return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : left.shift()));
}

export function concatShape(node: NodeFacts): KnownShape | undefined {
  const shapes = Array.from({ length: node.inputCount }, (_, input) => node.shape(input));
  const [first] = shapes;
  const axis = normalAxis(node.int('axis') ?? 1, first?.length ?? 0);
  return first?.map((size, position) => {
    const sizes = shapes.map((shape) => shape?.[position]);
    return position === axis ? sizes.reduce(add, 0) : (size ?? sizes.find((other) => other));
  });
}

export function splitShape(node: NodeFacts, output: number): KnownShape | undefined {
  const input = node.shape(0);
  if (input === undefined) return undefined;
  const axis = normalAxis(node.int('axis') ?? 0, input.length);
  const size = input[axis];
  const parts = node.int('num_outputs') ?? node.outputCount;
  const sizes = numbers(node, 'split', 1);
  const even = size === undefined ? undefined : Math.ceil(size / parts);
  const last = size === undefined || even === undefined ? undefined : size - even * (parts - 1);
  return input.toSpliced(axis, 1, sizes?.[output] ?? (output === parts - 1 ? last : even));
}

export function sliceShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  if (input === undefined) return undefined;
  const starts = numbers(node, 'starts', 1);
  const ends = numbers(node, 'ends', 2);
  const axes = numbers(node, 'axes', 3) ?? starts?.map((_, index) => index);
  const steps = node.value(4)?.elements;
  if (starts === undefined || ends === undefined || axes === undefined) {
    return input.map(() => undefined);
  }
  const result = [...input];
  for (const [index, axis] of axes.entries()) {
    const place = normalAxis(axis ?? 0, input.length);
    const step = steps === undefined ? 1 : steps[index];
    result[place] = slicedSize(input[place], { start: starts[index], end: ends[index], step });
  }
  return result;
}

function slicedSize(
  size: Dimension,
  { start, end, step }: { start: Dimension; end: Dimension; step: Dimension },
): Dimension {
  if (size === undefined || start === undefined || end === undefined || step === undefined) {
    return undefined;
  }
  if (step === 0) return undefined;
  const clamp = (place: number, low: number, high: number): number =>
    Math.min(high, Math.max(low, place < 0 ? place + size : place));
  const span =
    step > 0
      ? clamp(end, 0, size) - clamp(start, 0, size)
      : clamp(end, -1, size - 1) - clamp(start, 0, size - 1);
  return Math.max(0, Math.ceil(span / step));
}

export function gatherShape(node: NodeFacts): KnownShape | undefined {
  const data = node.shape(0);
  const indices = node.shape(1);
  if (data === undefined || indices === undefined) return undefined;
  return data.toSpliced(normalAxis(node.int('axis') ?? 0, data.length), 1, ...indices);
}

export function padShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  const pads = numbers(node, 'pads', 1);
  if (input === undefined || node.inputCount > 3) return undefined;
  return input.map((size, axis) => add(add(size, pads?.[axis]), pads?.[axis + input.length]));
}

export function tileShape(node: NodeFacts): KnownShape | undefined {
  const repeats = node.value(1)?.elements;
  return node.shape(0)?.map((size, axis) => multiply(size, repeats?.[axis]));
}

export function resizeShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  if (input === undefined || node.ints('axes') !== undefined) return undefined;
  const sizes = node.value(3)?.elements;
  if (sizes?.length === input.length) return sizes;
  const attribute = node.attribute('scales');
  const scales =
    attribute?.kind === 'floats'
      ? attribute.values
      : [node.value(2), node.value(1)].find((value) => value?.elements.length === input.length)
          ?.elements;
  return input.map((size, axis) => {
    const scaled = multiply(size, scales?.[axis]);
    return scaled === undefined ? undefined : Math.floor(scaled);
  });
}

export function reduceShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  if (input === undefined) return undefined;
  const isArg = node.operator.startsWith('Arg');
  const axes = isArg ? [node.int('axis') ?? 0] : numbers(node, 'axes', 1);
  const keepsDimensions = node.int('keepdims') !== 0;
  if (axes === undefined && node.inputCount > 1) {
    return keepsDimensions ? input.map(() => undefined) : undefined;
  }
  if (axes?.length === 0 && node.int('noop_with_empty_axes') === 1) return input;
  const isAll = axes === undefined || axes.length === 0;
  const reduced = axes?.map((axis) => normalAxis(axis ?? 0, input.length)) ?? [];
  const isReduced = (axis: number): boolean => isAll || reduced.includes(axis);
  if (!keepsDimensions) return input.filter((_, axis) => !isReduced(axis));
  return input.map((size, axis) => (isReduced(axis) ? 1 : size));
}

export function depthToSpaceShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  const block = node.int('blocksize');
  if (input?.length !== 4 || block === undefined) return undefined;
  const [batch, channels, height, width] = input;
  const factor = node.operator === 'DepthToSpace' ? block : 1 / block;
  const scaled = [
    multiply(channels, factor ** -2),
    multiply(height, factor),
    multiply(width, factor),
  ];
  return [batch, ...scaled];
}
