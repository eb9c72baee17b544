import type { OnnxGraph, OnnxNode, OnnxTensor } from '../../formats/onnx/model.ts';

/** Every node of a graph and of the subgraphs in it. */
export function* eachNode(graph: OnnxGraph): Generator<OnnxNode> {
  for (const node of graph.nodes) {
    yield node;
    for (const subgraph of subgraphs(node)) yield* eachNode(subgraph);
  }
}

/** Every constant: initializers and the values of `Constant` nodes, in subgraphs too. */
export function* eachConstant(graph: OnnxGraph): Generator<OnnxTensor> {
  yield* graph.initializers;
  for (const node of graph.nodes) {
    for (const { value } of node.attributes) {
      if (value.kind === 'tensor') yield value.value;
      else if (value.kind === 'tensors') yield* value.values;
    }
    for (const subgraph of subgraphs(node)) yield* eachConstant(subgraph);
  }
}

function subgraphs(node: OnnxNode): OnnxGraph[] {
  return node.attributes.flatMap(({ value }) => {
    if (value.kind === 'graph') return [value.value];
    return value.kind === 'graphs' ? value.values : [];
  });
}
