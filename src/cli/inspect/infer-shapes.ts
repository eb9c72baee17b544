import type { OnnxGraph, OnnxNode, OnnxValue } from '../../formats/onnx/model.ts';
import { type Dimension, type KnownShape, maxRank } from './known-shape.ts';
import { type KnownValue, type KnownValues, knownValueOf, nodeFacts } from './node-facts.ts';
import { shapeRules } from './shape-rules.ts';
import { valueRules } from './value-rules.ts';

/** What a model's shapes depend on. */
export interface InferShapesOptions {
  /** Sizes of variable dimensions, by their symbolic names or as `input.axis`. */
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Works out the shapes of a graph's values from front to back, for one item: a first dimension
 * that varies counts as 1. Small vectors of numbers are calculated on the way, as models build
 * shapes of them. What an operator without a rule makes is taken from the file, where it states it.
 * Subgraphs are not entered.
 */
export function inferShapes(graph: OnnxGraph, { sizes }: InferShapesOptions): KnownValues {
  const shapes = new Map<string, KnownShape>();
  const values = new Map<string, KnownValue>();
  const named = withBatchOfOne(graph, sizes);
  for (const input of graph.inputs) {
    const shape = statedShape(input, named);
    if (shape !== undefined) shapes.set(input.name, oneItem(shape));
  }
  for (const tensor of graph.initializers) {
    shapes.set(tensor.name, tensor.dims);
    const value = knownValueOf(tensor);
    if (value !== undefined) values.set(tensor.name, value);
  }
  const stated = new Map(
    [...graph.valueInfo, ...graph.outputs].map((value) => [value.name, statedShape(value, named)]),
  );
  for (const node of graph.nodes) inferNode(node, { shapes, values, stated });
  return { shapes, values };
}

interface Inference {
  readonly shapes: Map<string, KnownShape>;
  readonly values: Map<string, KnownValue>;
  /** What the file says of the values. */
  readonly stated: ReadonlyMap<string, KnownShape | undefined>;
}

function inferNode(node: OnnxNode, { shapes, values, stated }: Inference): void {
  const facts = nodeFacts(node, { shapes, values });
  const isOnnx = node.domain === '' || node.domain === 'ai.onnx';
  const rule = isOnnx ? shapeRules.get(node.operator) : undefined;
  for (const [index, name] of node.outputs.entries()) {
    const shape = merge(rule?.(facts, index), stated.get(name));
    if (shape !== undefined && shape.length <= maxRank) shapes.set(name, shape);
  }
  const value = isOnnx ? valueRules.get(node.operator)?.(facts) : undefined;
  if (value !== undefined) values.set(node.outputs[0] ?? '', value);
}

/** The sizes given, and 1 for the names that inputs have in their first dimension. */
function withBatchOfOne(
  { inputs }: OnnxGraph,
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const named = new Map<string, number>();
  for (const { type } of inputs) {
    const dimension = type.kind === 'tensor' ? type.shape?.[0] : undefined;
    if (typeof dimension === 'string') named.set(dimension, 1);
  }
  return new Map([...named, ...sizes]);
}

function oneItem([batch, ...rest]: KnownShape): KnownShape {
  return batch === undefined && rest.length > 0 ? [1, ...rest] : [batch, ...rest];
}

function statedShape(
  { name, type }: OnnxValue,
  named: ReadonlyMap<string, number>,
): KnownShape | undefined {
  if (type.kind !== 'tensor') return undefined;
  return type.shape?.map((dimension, axis): Dimension => {
    if (typeof dimension === 'number') return dimension;
    return named.get(`${name}.${axis}`) ?? named.get(dimension ?? '');
  });
}

function merge(
  inferred: KnownShape | undefined,
  stated: KnownShape | undefined,
): KnownShape | undefined {
  if (inferred === undefined || inferred.length !== stated?.length) return inferred ?? stated;
  return inferred.map((size, axis) => size ?? stated[axis]);
}
