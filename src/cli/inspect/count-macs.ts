import type { OnnxGraph, OnnxNode } from '../../formats/onnx/model.ts';
import { inferShapes } from './infer-shapes.ts';
import { type Dimension, knownElementCount, multiply } from './known-shape.ts';
import { type NodeFacts, nodeFacts } from './node-facts.ts';
import { innerSize } from './product-shapes.ts';
import { eachNode } from './walk-graph.ts';

/** Multiply-accumulates of one item, and how much of the model the number stands for. */
export interface MacCount {
  readonly macs: number;
  /** Operators counted. */
  readonly countedOperators: number;
  /** Operators that multiply and accumulate, those that could not be counted among them. */
  readonly totalOperators: number;
  /** How many of each operator could not be counted. */
  readonly uncounted: Readonly<Record<string, number>>;
}

type MacRule = (node: NodeFacts, outputCount: Dimension) => Dimension;

const perFilter =
  (weightInput: number): MacRule =>
  (node, outputCount) =>
    multiply(outputCount, knownElementCount(node.shape(weightInput)?.slice(1)));

const perRow: MacRule = (node, outputCount) => multiply(outputCount, innerSize(node));

const rules: Readonly<Record<string, MacRule>> = {
  Conv: perFilter(1),
  ConvInteger: perFilter(1),
  QLinearConv: perFilter(3),
  ConvTranspose: (node) =>
    multiply(knownElementCount(node.shape(0)), knownElementCount(node.shape(1)?.slice(1))),
  Gemm: perRow,
  MatMul: perRow,
  MatMulInteger: perRow,
  QLinearMatMul: perRow,
};

/** Operators that multiply and accumulate in ways that are not counted here. */
const uncountable: ReadonlySet<string> = new Set([
  'Attention',
  'DeformConv',
  'Einsum',
  'FusedConv',
  'FusedGemm',
  'FusedMatMul',
  'GRU',
  'GroupQueryAttention',
  'LSTM',
  'MatMulNBits',
  'MultiHeadAttention',
  'QAttention',
  'QGemm',
  'RNN',
]);

/**
 * Counts the multiply-accumulates that one item costs in convolutions and matrix products. Biases
 * and element-wise operators are left out. What depends on a size that is not known before a run,
 * or lies in a subgraph, is not counted and reported as such.
 * @param sizes of variable dimensions by their symbolic names; a batch counts as 1.
 */
export function countMacs(graph: OnnxGraph, sizes: ReadonlyMap<string, number>): MacCount {
  const known = inferShapes(graph, { sizes });
  const inMainGraph = new Set<OnnxNode>(graph.nodes);
  const uncounted: Record<string, number> = {};
  let [macs, countedOperators, totalOperators] = [0, 0, 0];
  for (const node of eachNode(graph)) {
    const rule = Object.hasOwn(rules, node.operator) ? rules[node.operator] : undefined;
    if (rule === undefined && !uncountable.has(node.operator)) continue;
    totalOperators += 1;
    const outputCount = knownElementCount(known.shapes.get(node.outputs[0] ?? ''));
    const cost = inMainGraph.has(node) ? rule?.(nodeFacts(node, known), outputCount) : undefined;
    if (cost === undefined) {
      uncounted[node.operator] = (uncounted[node.operator] ?? 0) + 1;
    } else {
      macs += cost;
      countedOperators += 1;
    }
  }
  return { macs, countedOperators, totalOperators, uncounted };
}
