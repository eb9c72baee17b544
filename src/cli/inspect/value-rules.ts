import { onnxDataTypes } from '../../formats/onnx/data-type.ts';
import { normalAxis } from './known-shape.ts';
import { type KnownValue, type NodeFacts, knownValueOf, maxKnownElements } from './node-facts.ts';

type ValueRule = (node: NodeFacts) => KnownValue | undefined;
type Element = number | undefined;

/**
 * The elements of a node's output by its operator, for the short vectors that models calculate
 * shapes with: one dimension, or a single element.
 */
export const valueRules: ReadonlyMap<string, ValueRule> = new Map<string, ValueRule>(
  Object.entries({
    Add: elementWise((a, b) => a + b),
    Cast: castValue,
    Ceil: mapped(Math.ceil),
    Concat: concatValue,
    Constant: constantValue,
    Div: divided,
    Floor: mapped(Math.floor),
    Gather: gatherValue,
    Identity: (node) => node.value(0),
    Mul: elementWise((a, b) => a * b),
    Reshape: (node) => node.value(0),
    Shape: shapeValue,
    Slice: sliceValue,
    Squeeze: (node) => node.value(0),
    Sub: elementWise((a, b) => a - b),
    Unsqueeze: (node) => node.value(0),
  } satisfies Record<string, ValueRule>),
);

function mapped(apply: (element: number) => number): ValueRule {
  return (node) => {
    const value = node.value(0);
    return (
      value && { ...value, elements: value.elements.map((element) => onKnown(element, apply)) }
    );
  };
}

function onKnown(element: Element, apply: (element: number) => number): Element {
  return element === undefined ? undefined : apply(element);
}

function elementWise(apply: (a: number, b: number) => number): ValueRule {
  return (node) => {
    const a = node.value(0);
    const b = node.value(1);
    if (a === undefined || b === undefined) return undefined;
    const length = Math.max(a.elements.length, b.elements.length);
    const at = ({ elements }: KnownValue, index: number): Element =>
      elements[elements.length === 1 ? 0 : index];
    const elements = Array.from({ length }, (_, index) => {
      const [left, right] = [at(a, index), at(b, index)];
      return left === undefined || right === undefined ? undefined : apply(left, right);
    });
    return { elements, isInteger: a.isInteger };
  };
}

function divided(node: NodeFacts): KnownValue | undefined {
  const isInteger = node.value(0)?.isInteger === true;
  return elementWise((a, b) => (isInteger ? Math.trunc(a / b) : a / b))(node);
}

function castValue(node: NodeFacts): KnownValue | undefined {
  const value = node.value(0);
  const to = node.int('to');
  const isInteger = to === onnxDataTypes.int64 || to === onnxDataTypes.int32;
  if (value === undefined || (!isInteger && to !== onnxDataTypes.float)) return undefined;
  return {
    elements: isInteger
      ? value.elements.map((element) => onKnown(element, Math.trunc))
      : value.elements,
    isInteger,
  };
}

function constantValue(node: NodeFacts): KnownValue | undefined {
  const tensor = node.tensor('value');
  if (tensor !== undefined) return knownValueOf(tensor);
  const single = node.int('value_int');
  const elements = single === undefined ? node.ints('value_ints') : [single];
  return elements === undefined || elements.length > maxKnownElements
    ? undefined
    : { elements, isInteger: true };
}

function shapeValue(node: NodeFacts): KnownValue | undefined {
  const shape = node.shape(0);
  if (shape === undefined) return undefined;
  const elements = shape.slice(node.int('start') ?? 0, node.int('end') ?? shape.length);
  return { elements, isInteger: true };
}

function concatValue(node: NodeFacts): KnownValue | undefined {
  const elements: Element[] = [];
  for (let input = 0; input < node.inputCount; input += 1) {
    const more = vectorOf(node, input);
    if (more === undefined || elements.length + more.length > maxKnownElements) return undefined;
    elements.push(...more);
  }
  return { elements, isInteger: node.value(0)?.isInteger ?? true };
}

/** Of a vector whose elements are not known, at least their number may be. */
function vectorOf(node: NodeFacts, input: number): readonly Element[] | undefined {
  const shape = node.shape(input);
  const length = shape?.length === 1 ? (shape[0] ?? Infinity) : Infinity;
  const unknown = length > maxKnownElements ? undefined : Array.from({ length }, () => undefined);
  return node.value(input)?.elements ?? unknown;
}

function gatherValue(node: NodeFacts): KnownValue | undefined {
  const value = node.value(0);
  const indices = node.value(1)?.elements;
  if (value === undefined || indices === undefined || (node.int('axis') ?? 0) !== 0)
    return undefined;
  const count = value.elements.length;
  const elements = indices.map((index) =>
    index === undefined ? undefined : value.elements[normalAxis(index, count)],
  );
  return { ...value, elements };
}

function sliceValue(node: NodeFacts): KnownValue | undefined {
  const value = node.value(0);
  const [start] = node.ints('starts') ?? node.value(1)?.elements ?? [];
  const [end] = node.ints('ends') ?? node.value(2)?.elements ?? [];
  const [step = 1] = node.value(4)?.elements ?? [];
  if (value === undefined || start === undefined || end === undefined || step !== 1)
    return undefined;
  return { ...value, elements: value.elements.slice(start, end) };
}
