import { type Dimension, type KnownShape, broadcast } from './known-shape.ts';
import type { NodeFacts } from './node-facts.ts';

/** The output of `MatMul` and its integer forms. Source: numpy.matmul, which ONNX follows. */
export function matMulShape(node: NodeFacts, secondInput: number): KnownShape | undefined {
  const a = node.shape(0);
  const b = node.shape(secondInput);
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return undefined;
  const batch = broadcast([a.slice(0, -2), b.slice(0, -2)]) ?? [];
  return [...batch, ...(a.length > 1 ? [a.at(-2)] : []), ...(b.length > 1 ? [b.at(-1)] : [])];
}

/** The output of `Gemm`: `[rows, columns]`. */
export function gemmShape(node: NodeFacts): KnownShape | undefined {
  const a = node.shape(0);
  const b = node.shape(1);
  if (a?.length !== 2 || b?.length !== 2) return undefined;
  return [a[node.int('transA') === 1 ? 1 : 0], b[node.int('transB') === 1 ? 0 : 1]];
}

/** The dimension that a matrix product sums over. */
export function innerSize(node: NodeFacts): Dimension {
  const a = node.shape(0);
  if (node.operator === 'Gemm') return a?.[node.int('transA') === 1 ? 0 : 1];
  return a?.at(-1);
}
