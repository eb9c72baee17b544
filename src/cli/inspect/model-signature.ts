import { type Datatype, datatypes } from '../../core/datatype.ts';
import type { InputSpec, TensorSpec } from '../../core/tensor.ts';
import { type OnnxDataType, onnxDataTypeOf, onnxDataTypes } from '../../formats/onnx/data-type.ts';
import type { OnnxModel, OnnxValue } from '../../formats/onnx/model.ts';

/** An input or output as a model's file declares it. */
export interface DeclaredTensor {
  readonly name: string;
  /** A datatype of the protocol; ONNX's own name for any other; `other` for what is no tensor. */
  readonly datatype: string;
  /** -1 for a size that varies; `null` when even the number of dimensions does. */
  readonly shape: readonly number[] | null;
  /** Symbolic names of dimensions, `null` where there is none. */
  readonly dimensionNames: readonly (string | null)[];
  /** Present on an input that may be left out, as the model has a value of its own for it. */
  readonly optional?: true;
}

/** What a model takes and gives, from its file alone. */
export interface DeclaredSignature {
  readonly inputs: readonly DeclaredTensor[];
  readonly outputs: readonly DeclaredTensor[];
}

const protocolNames: ReadonlyMap<OnnxDataType, Datatype> = new Map(
  datatypes.map((datatype) => [onnxDataTypeOf[datatype], datatype]),
);

const onnxNames: ReadonlyMap<OnnxDataType, string> = new Map(
  Object.entries(onnxDataTypes).map(([name, number]) => [number, name]),
);

/** An ONNX element type in the protocol's word, or ONNX's own where the protocol has none. */
export function datatypeName(dataType: OnnxDataType): string {
  return protocolNames.get(dataType) ?? onnxNames.get(dataType) ?? `type ${dataType}`;
}

/** Before this IR version every constant was listed as an input too, and none could be replaced. */
const firstWithDefaults = 4;

/** Reads a model's signature, first the inputs that must be sent. */
export function declaredSignature({ graph, irVersion }: OnnxModel): DeclaredSignature {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const defaulted = graph.inputs.filter(({ name }) => constants.has(name));
  const optional = irVersion < firstWithDefaults ? [] : defaulted;
  return {
    inputs: [
      ...graph.inputs.filter(({ name }) => !constants.has(name)).map(declaredTensor),
      ...optional.map((input) => ({ ...declaredTensor(input), optional: true as const })),
    ],
    outputs: graph.outputs.map(declaredTensor),
  };
}

function declaredTensor({ name, type }: OnnxValue): DeclaredTensor {
  if (type.kind !== 'tensor') return { name, datatype: 'other', shape: null, dimensionNames: [] };
  const { dataType, shape } = type;
  return {
    name,
    datatype: datatypeName(dataType),
    shape: shape?.map((size) => (typeof size === 'number' ? size : -1)) ?? null,
    dimensionNames: shape?.map((size) => (typeof size === 'string' ? size : null)) ?? [],
  };
}

/**
 * The signature in the server's form.
 * @returns `undefined` when it has something that no protocol can carry, or an open rank.
 */
export function servableSignature(
  signature: DeclaredSignature,
): { readonly inputs: InputSpec[]; readonly outputs: TensorSpec[] } | undefined {
  const needed = signature.inputs.filter(({ optional }) => optional !== true);
  const inputs = signature.inputs.map(servable);
  const outputs = signature.outputs.map(servable);
  if (![...needed, ...signature.outputs].every(servable)) return undefined;
  return {
    inputs: inputs.flatMap((spec) => spec ?? []),
    outputs: outputs.flatMap((spec) => spec ?? []),
  };
}

function servable({ name, datatype, shape, optional }: DeclaredTensor): InputSpec | undefined {
  const known = datatypes.find((candidate) => candidate === datatype);
  if (known === undefined || shape === null) return undefined;
  return { name, datatype: known, shape, ...(optional && { hasDefault: true }) };
}

/** A declared shape as people read it: `[batch,3,224,224]`, `?` for a size without a name. */
export function formatDeclaredShape({ shape, dimensionNames }: DeclaredTensor): string {
  if (shape === null) return '[?...]';
  return `[${shape.map((size, axis) => (size === -1 ? (dimensionNames[axis] ?? '?') : size)).join(',')}]`;
}
