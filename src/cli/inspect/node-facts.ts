import { onnxDataTypes } from '../../formats/onnx/data-type.ts';
import type { OnnxAttributeValue, OnnxNode, OnnxTensor } from '../../formats/onnx/model.ts';
import type { KnownShape } from './known-shape.ts';

/** The elements of a small tensor, as far as they are known before a run. */
export interface KnownValue {
  readonly elements: readonly (number | undefined)[];
  readonly isInteger: boolean;
}

/** Tensors with more elements than this are no shapes and not followed. */
export const maxKnownElements = 64;

/** A node with what is known of its inputs. */
export interface NodeFacts {
  readonly operator: string;
  readonly inputCount: number;
  readonly outputCount: number;
  shape(input: number): KnownShape | undefined;
  value(input: number): KnownValue | undefined;
  int(attribute: string): number | undefined;
  ints(attribute: string): readonly number[] | undefined;
  text(attribute: string): string | undefined;
  tensor(attribute: string): OnnxTensor | undefined;
  attribute(name: string): OnnxAttributeValue | undefined;
}

/** What is known of the values of a graph by their names. */
export interface KnownValues {
  readonly shapes: ReadonlyMap<string, KnownShape>;
  readonly values: ReadonlyMap<string, KnownValue>;
}

/** Looks at a node in the light of what is known. */
export function nodeFacts(node: OnnxNode, known: KnownValues): NodeFacts {
  const attribute = (name: string): OnnxAttributeValue | undefined =>
    node.attributes.find((candidate) => candidate.name === name)?.value;
  return {
    operator: node.operator,
    inputCount: node.inputs.length,
    outputCount: node.outputs.length,
    shape: (input) => known.shapes.get(node.inputs[input] ?? ''),
    value: (input) => known.values.get(node.inputs[input] ?? ''),
    attribute,
    int(name) {
      const value = attribute(name);
      return value?.kind === 'int' ? Number(value.value) : undefined;
    },
    ints(name) {
      const value = attribute(name);
      return value?.kind === 'ints' ? value.values.map(Number) : undefined;
    },
    text(name) {
      const value = attribute(name);
      return value?.kind === 'string' ? Buffer.from(value.value).toString('latin1') : undefined;
    },
    tensor(name) {
      const value = attribute(name);
      return value?.kind === 'tensor' ? value.value : undefined;
    },
  };
}

/** The elements of a small constant of 32- or 64-bit numbers; `undefined` for any other one. */
export function knownValueOf({ dataType, dims, data }: OnnxTensor): KnownValue | undefined {
  const count = dims.reduce((product, size) => product * size, 1);
  if (data.kind !== 'bytes' || count > maxKnownElements) return undefined;
  const { bytes } = data;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (width: number, element: (offset: number) => number): number[] | undefined =>
    bytes.byteLength === count * width
      ? Array.from({ length: count }, (_, index) => element(index * width))
      : undefined;
  switch (dataType) {
    case onnxDataTypes.int64:
      return valueOf(
        read(8, (offset) => Number(view.getBigInt64(offset, true))),
        true,
      );
    case onnxDataTypes.int32:
      return valueOf(
        read(4, (offset) => view.getInt32(offset, true)),
        true,
      );
    case onnxDataTypes.float:
      return valueOf(
        read(4, (offset) => view.getFloat32(offset, true)),
        false,
      );
    default:
      return undefined;
  }
}

function valueOf(elements: number[] | undefined, isInteger: boolean): KnownValue | undefined {
  return elements === undefined ? undefined : { elements, isInteger };
}
