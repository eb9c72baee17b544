import { onnxByteLength } from '../../formats/onnx/data-type.ts';
import type { OnnxModel } from '../../formats/onnx/model.ts';
import { WireReader } from '../../formats/protobuf/reader.ts';
import type { OnnxFile } from '../model-file.ts';
import { type BatchingVerdict, judgeBatching } from './batching.ts';
import { type MacCount, countMacs } from './count-macs.ts';
import { type ExternalData, findExternalData } from './external-files.ts';
import { type DeclaredTensor, datatypeName, declaredSignature } from './model-signature.ts';
import { eachConstant, eachNode } from './walk-graph.ts';

/** Everything `headway inspect` says of a model's file; the form of `--json`. */
export interface ModelSummary {
  readonly file: { readonly path: string; readonly bytes: number };
  readonly producer: { readonly name: string; readonly version: string };
  readonly irVersion: number;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly DeclaredTensor[];
  readonly outputs: readonly DeclaredTensor[];
  readonly batching: BatchingVerdict;
  /** Of one item. */
  readonly cost: MacCount & { readonly flops: number };
  readonly parameters: ParameterSummary;
  readonly operators: {
    readonly total: number;
    /** By operator, the commonest first; other domains than ONNX's own stand before the name. */
    readonly counts: Readonly<Record<string, number>>;
  };
  readonly externalData: ExternalData;
}

/** The constants of a model: its weights, and the few numbers it calculates with. */
export interface ParameterSummary {
  readonly count: number;
  readonly bytes: number;
  readonly byDatatype: Readonly<Record<string, DatatypeSummary>>;
}

export interface DatatypeSummary {
  readonly tensors: number;
  readonly count: number;
  readonly bytes: number;
}

const producerVersionField = 3;

/**
 * Sums up a model.
 * @param sizes of variable dimensions by their symbolic names, for the cost.
 */
export async function summarizeModel(
  { path, bytes, model }: OnnxFile,
  sizes: ReadonlyMap<string, number>,
): Promise<ModelSummary> {
  const { graph } = model;
  const signature = declaredSignature(model);
  const cost = countMacs(graph, sizes);
  return {
    file: { path, bytes },
    producer: { name: model.producerName, version: producerVersion(model) },
    irVersion: model.irVersion,
    opsets: model.opsetImports.map(({ domain, version }) => ({
      domain: domain || 'ai.onnx',
      version,
    })),
    graph: graph.name,
    metadata: Object.fromEntries(model.metadata.map(({ key, value }) => [key, value])),
    ...signature,
    batching: judgeBatching(signature),
    cost: { ...cost, flops: 2 * cost.macs },
    parameters: summarizeParameters(model),
    operators: countOperators(model),
    externalData: await findExternalData(path, graph),
  };
}

/** The last one counts, as protobuf has it. */
function producerVersion({ unknownFields = [] }: OnnxModel): string {
  let version = '';
  for (const field of unknownFields) {
    const reader = new WireReader(field, 'ModelProto');
    if (reader.nextField() && reader.fieldNumber === producerVersionField) version = reader.text();
  }
  return version;
}

function countOperators({ graph }: OnnxModel): ModelSummary['operators'] {
  const counts = new Map<string, number>();
  let total = 0;
  for (const { domain, operator } of eachNode(graph)) {
    const isOnnx = domain === '' || domain === 'ai.onnx';
    const name = isOnnx ? operator : `${domain}.${operator}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    total += 1;
  }
  const commonest = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return { total, counts: Object.fromEntries(commonest) };
}

function summarizeParameters({ graph }: OnnxModel): ParameterSummary {
  const byDatatype = new Map<string, DatatypeSummary>();
  let [count, bytes] = [0, 0];
  for (const { dataType, dims, data } of eachConstant(graph)) {
    const elements = dims.reduce((product, size) => product * size, 1);
    const stringBytes = (): number =>
      data.kind === 'strings' ? data.values.reduce((sum, value) => sum + value.byteLength, 0) : 0;
    const size = onnxByteLength(dataType, elements) ?? stringBytes();
    const name = datatypeName(dataType);
    const before = byDatatype.get(name) ?? { tensors: 0, count: 0, bytes: 0 };
    byDatatype.set(name, {
      tensors: before.tensors + 1,
      count: before.count + elements,
      bytes: before.bytes + size,
    });
    count += elements;
    bytes += size;
  }
  const largest = [...byDatatype].toSorted(([, a], [, b]) => b.bytes - a.bytes);
  return { count, bytes, byDatatype: Object.fromEntries(largest) };
}
