import type { ModelConfig } from '../../config/model-config.ts';
import type { BatchItem, BatchRequest } from '../../core/batch.ts';
import { formatShape, shapeMatches } from '../../core/shape.ts';
import type { Tensor, TensorSpec } from '../../core/tensor.ts';
import type { ModelSignature } from '../backend.ts';
import { isRecord, readTensor, scriptError, textOf } from './read-sent.ts';
import { headwayErrorOf, readSentError } from './sent-error.ts';

/** What responses are checked against. */
export interface Expected {
  readonly config: ModelConfig;
  readonly signature: ModelSignature;
}

/**
 * Reads the responses of a script to a batch: one for each request, with the outputs it wants, each
 * of the datatype and shape that the signature promises. A response that is not as it must be fails
 * its request alone; a wrong number of them fails all.
 */
export function readResponses(
  value: unknown,
  requests: readonly BatchRequest[],
  expected: Expected,
): readonly BatchItem[] {
  const responses: readonly unknown[] = Array.isArray(value) ? value : [];
  const { name } = expected.config;
  if (responses.length !== requests.length) {
    const error = scriptError(
      name,
      `its script answered a batch of ${requests.length} requests with ${responses.length} responses; execute() must return one for each, in their order.`,
    );
    return requests.map(() => ({ kind: 'failed', error }));
  }
  return requests.map((request, index) => readResponse(responses[index], request, expected));
}

function readResponse(response: unknown, request: BatchRequest, expected: Expected): BatchItem {
  const { name } = expected.config;
  const { kind, value, error } = isRecord(response) ? response : {};
  if (kind === 'failed') {
    const failure = `Model '${name}': its script failed this request`;
    return { kind: 'failed', error: headwayErrorOf(readSentError(error), failure) };
  }
  const given: ReadonlyMap<unknown, unknown> = value instanceof Map ? value : new Map();
  const outputs = new Map<string, Tensor>();
  for (const outputName of request.outputNames) {
    const spec = expected.signature.outputs.find((output) => output.name === outputName);
    const tensor = spec && readOutput(given, request, { spec, config: expected.config });
    if (tensor === undefined) continue;
    if (typeof tensor === 'string') {
      const text = `its script's response ${tensor}.`;
      return { kind: 'failed', error: scriptError(name, text) };
    }
    outputs.set(outputName, tensor);
  }
  return { kind: 'done', outputs };
}

function readOutput(
  given: ReadonlyMap<unknown, unknown>,
  request: BatchRequest,
  { spec, config }: { readonly spec: TensorSpec; readonly config: ModelConfig },
): Tensor | string {
  const { name, datatype, shape } = spec;
  if (!given.has(name)) {
    const names = [...given.keys()].map((it) => `'${textOf(it)}'`).join(', ');
    return `has no output '${name}'${names === '' ? '' : `, only ${names}`}`;
  }
  const tensor = readTensor(given.get(name));
  if (typeof tensor === 'string') return `is wrong: output '${name}' ${tensor}`;
  if (tensor.datatype !== datatype) {
    return `is wrong: output '${name}' is ${tensor.datatype}, expected ${datatype}`;
  }
  const pattern = expectedShape(request, shape, config);
  if (!shapeMatches(tensor.shape, pattern)) {
    return `is wrong: output '${name}' has shape ${formatShape(tensor.shape)}, expected ${formatShape(pattern)}`;
  }
  return tensor;
}

/** The shape promised, with as many rows as the request has where the model takes batches. */
function expectedShape(
  { inputs }: BatchRequest,
  shape: readonly number[],
  { maxBatchSize = 0 }: ModelConfig,
): readonly number[] {
  const [first] = inputs.values();
  const rowCount = first?.shape[0];
  return maxBatchSize > 0 && rowCount !== undefined ? [rowCount, ...shape.slice(1)] : shape;
}
