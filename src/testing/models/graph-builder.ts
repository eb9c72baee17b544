import type { Datatype } from '../../core/datatype.ts';
import { onnxDataTypeOf } from '../../formats/onnx/data-type.ts';
import type {
  OnnxAttribute,
  OnnxDimension,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValue,
} from '../../formats/onnx/model.ts';

/** What a node may have beside its operator and inputs. */
export interface NodeOptions {
  /** Whole numbers and lists of them. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
  /** The name of the output; made from the operator when left out. */
  readonly output?: string;
}

/** Puts a model together; values are known by their names. */
export interface GraphBuilder {
  /** Declares a graph input; a dimension is a size, a symbolic name or -1 for the batch. */
  input(name: string, datatype: Datatype, shape: readonly OnnxDimension[]): string;
  /** Gives a declared input a value of the model's own; elements are as those of a constant. */
  initial(input: string, dims: readonly number[], elements: ArrayBufferView): void;
  /** Adds a constant; elements are taken as their little-endian bytes. */
  constant(datatype: Datatype, dims: readonly number[], elements: ArrayBufferView): string;
  /** Adds a node with one output and returns the output's name. */
  node(operator: string, inputs: readonly string[], options?: NodeOptions): string;
  /** Declares a value as a graph output; its dimensions are as those of an input. */
  output(name: string, datatype: Datatype, shape: readonly OnnxDimension[]): void;
  /** The model, in operator set 19 and IR version 9. */
  build(): OnnxModel;
}

/** Creates a builder of a model whose graph has this name. */
export function createGraphBuilder(graphName: string): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  return {
    input(name, datatype, shape) {
      inputs.push(describeValue(name, datatype, shape));
      return name;
    },
    initial(name, dims, elements) {
      const declared = inputs.find((input) => input.name === name);
      if (declared?.type.kind !== 'tensor') throw new TypeError(`there is no input '${name}'`);
      const data = { kind: 'bytes', bytes: bytesOf(elements) } as const;
      initializers.push({ name, dataType: declared.type.dataType, dims, data });
    },
    constant(datatype, dims, elements) {
      const name = `constant${initializers.length}`;
      const data = { kind: 'bytes', bytes: bytesOf(elements) } as const;
      initializers.push({ name, dataType: onnxDataTypeOf[datatype], dims, data });
      return name;
    },
    node(operator, nodeInputs, { attributes = {}, output } = {}) {
      const name = output ?? `${operator}${nodes.length}`;
      nodes.push({
        name,
        operator,
        domain: '',
        inputs: nodeInputs,
        outputs: [name],
        attributes: Object.entries(attributes).map(describeAttribute),
      });
      return name;
    },
    output(name, datatype, shape) {
      outputs.push(describeValue(name, datatype, shape));
    },
    build: () => ({
      irVersion: 9,
      opsetImports: [{ domain: '', version: 19 }],
      producerName: 'headway',
      metadata: [],
      graph: { name: graphName, nodes, initializers, inputs, outputs, valueInfo: [] },
    }),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function describeAttribute([name, value]: [string, number | readonly number[]]): OnnxAttribute {
  if (typeof value === 'number') return { name, value: { kind: 'int', value: BigInt(value) } };
  return { name, value: { kind: 'ints', values: value.map(BigInt) } };
}

function describeValue(
  name: string,
  datatype: Datatype,
  shape: readonly OnnxDimension[],
): OnnxValue {
  const dimensions = shape.map((size) => (size === -1 ? 'batch' : size));
  return { name, type: { kind: 'tensor', dataType: onnxDataTypeOf[datatype], shape: dimensions } };
}
