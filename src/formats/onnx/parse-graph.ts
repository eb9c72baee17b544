import { WireReader } from '../protobuf/reader.ts';
import { attributeFields, attributeTypes, graphFields, nodeFields } from './fields.ts';
import type {
  OnnxAttribute,
  OnnxAttributeValue,
  OnnxGraph,
  OnnxNode,
  OnnxTensor,
  OnnxValue,
} from './model.ts';
import { messageCost, type ParseBudget } from './parse-budget.ts';
import { parseTensor } from './parse-tensor.ts';
import { parseValue } from './parse-value.ts';

const maxGraphDepth = 32;

/**
 * Parses a GraphProto with the subgraphs in its nodes' attributes.
 *
 * @param depth - How many graphs this one is inside of.
 * @throws HeadwayError `invalid_argument`.
 */
export function parseGraph(bytes: Uint8Array, budget: ParseBudget, depth = 0): OnnxGraph {
  const reader = new WireReader(bytes, 'GraphProto');
  if (depth > maxGraphDepth) {
    throw reader.failure(`subgraphs are nested deeper than ${maxGraphDepth}`);
  }
  budget.spend(messageCost);
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const valueInfo: OnnxValue[] = [];
  const unknownFields: Uint8Array[] = [];
  let name = '';
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case graphFields.node:
        nodes.push(parseNode(reader.bytes(), budget, depth));
        break;
      case graphFields.name:
        name = reader.text();
        break;
      case graphFields.initializer:
        initializers.push(parseTensor(reader.bytes(), budget));
        break;
      case graphFields.input:
        inputs.push(parseValue(reader.bytes(), budget));
        break;
      case graphFields.output:
        outputs.push(parseValue(reader.bytes(), budget));
        break;
      case graphFields.valueInfo:
        valueInfo.push(parseValue(reader.bytes(), budget));
        break;
      default:
        unknownFields.push(budget.keep(reader.unknown()));
    }
  }
  return { name, nodes, initializers, inputs, outputs, valueInfo, unknownFields };
}

function parseNode(bytes: Uint8Array, budget: ParseBudget, depth: number): OnnxNode {
  budget.spend(messageCost);
  const reader = new WireReader(bytes, 'NodeProto');
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: OnnxAttribute[] = [];
  const unknownFields: Uint8Array[] = [];
  const texts = { name: '', operator: '', domain: '' };
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case nodeFields.input:
        budget.spend(1);
        inputs.push(reader.text());
        break;
      case nodeFields.output:
        budget.spend(1);
        outputs.push(reader.text());
        break;
      case nodeFields.name:
        texts.name = reader.text();
        break;
      case nodeFields.operator:
        texts.operator = reader.text();
        break;
      case nodeFields.domain:
        texts.domain = reader.text();
        break;
      case nodeFields.attribute:
        attributes.push(parseAttribute(reader.bytes(), budget, depth));
        break;
      default:
        unknownFields.push(budget.keep(reader.unknown()));
    }
  }
  return { ...texts, inputs, outputs, attributes, unknownFields };
}

/** Two passes: the type says which field holds the value, and may be written after it. */
function parseAttribute(bytes: Uint8Array, budget: ParseBudget, depth: number): OnnxAttribute {
  budget.spend(messageCost);
  const header = new WireReader(bytes, 'AttributeProto');
  let name = '';
  let type = 0;
  while (header.nextField()) {
    if (header.fieldNumber === attributeFields.name) name = header.text();
    else if (header.fieldNumber === attributeFields.type) type = header.safeInteger();
    else header.unknown();
  }
  const unknownFields: Uint8Array[] = [];
  const reader = new WireReader(bytes, 'AttributeProto');
  const source = { reader, budget, depth, unknownFields };
  return { name, value: parseAttributeValue(type, source), unknownFields };
}

interface AttributeSource {
  readonly reader: WireReader;
  readonly budget: ParseBudget;
  readonly depth: number;
  readonly unknownFields: Uint8Array[];
}

function parseAttributeValue(type: number, source: AttributeSource): OnnxAttributeValue {
  const { reader, budget, depth } = source;
  const fields = attributeFields;
  const tensor = (): OnnxTensor => parseTensor(reader.bytes(), budget);
  const graph = (): OnnxGraph => parseGraph(reader.bytes(), budget, depth + 1);
  switch (type) {
    case attributeTypes.float:
      return { kind: 'float', value: last(source, fields.float, () => reader.float()) ?? 0 };
    case attributeTypes.int:
      return { kind: 'int', value: last(source, fields.int, () => reader.int64()) ?? 0n };
    case attributeTypes.string: {
      const value = last(source, fields.string, () => reader.bytes());
      return { kind: 'string', value: value ?? new Uint8Array(0) };
    }
    case attributeTypes.tensor:
      return { kind: 'tensor', value: required(source, last(source, fields.tensor, tensor)) };
    case attributeTypes.graph:
      return { kind: 'graph', value: required(source, last(source, fields.graph, graph)) };
    case attributeTypes.floats: {
      const pieces = all(source, fields.floats, () => reader.fixedElements(4));
      return { kind: 'floats', values: pieces.flatMap(toFloats) };
    }
    case attributeTypes.ints:
      return { kind: 'ints', values: parseInts(source) };
    case attributeTypes.strings:
      return { kind: 'strings', values: all(source, fields.strings, () => reader.bytes()) };
    case attributeTypes.tensors:
      return { kind: 'tensors', values: all(source, fields.tensors, tensor) };
    case attributeTypes.graphs:
      return { kind: 'graphs', values: all(source, fields.graphs, graph) };
    default:
      eachField(source, undefined, () => {});
      return { kind: 'other', type };
  }
}

/** Calls `take` at each field of this number and keeps the others, less name and type. */
function eachField(
  { reader, budget, unknownFields }: AttributeSource,
  fieldNumber: number | undefined,
  take: () => void,
): void {
  while (reader.nextField()) {
    const field = reader.fieldNumber;
    if (field === fieldNumber) take();
    else {
      const bytes = reader.unknown();
      if (field !== attributeFields.name && field !== attributeFields.type) {
        unknownFields.push(budget.keep(bytes));
      }
    }
  }
}

/** The value of a field that is not repeated: the last one counts, as protobuf has it. */
function last<T>(source: AttributeSource, fieldNumber: number, read: () => T): T | undefined {
  return all(source, fieldNumber, read).at(-1);
}

function all<T>(source: AttributeSource, fieldNumber: number, read: () => T): T[] {
  const values: T[] = [];
  eachField(source, fieldNumber, () => {
    source.budget.spend(1);
    values.push(read());
  });
  return values;
}

function required<T>({ reader }: AttributeSource, value: T | undefined): T {
  if (value === undefined) throw reader.failure('the attribute has no value of its type');
  return value;
}

function parseInts(source: AttributeSource): bigint[] {
  const values: bigint[] = [];
  eachField(source, attributeFields.ints, () => {
    source.reader.eachInt64((value) => {
      source.budget.spend(1);
      values.push(value);
    });
  });
  return values;
}

function toFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) =>
    view.getFloat32(index * 4, true),
  );
}
