import type { ModelConfig, ModelInput } from '../config/model-config.ts';
import { invalidArgument } from '../core/error.ts';
import { formatShape, shapeMatches } from '../core/shape.ts';
import { type NamedTensors, type Tensor, tensorByteLength } from '../core/tensor.ts';
import { checkBytesElements } from './bytes-check.ts';
import type { RequestedOutput } from './interface.ts';

/** What validation finds out of a request on the way. */
export interface CheckedRequest {
  /** Items the request adds to a batch; 1 when the model is not batched. */
  readonly batchSize: number;
  /** The outputs to compute, in the order to answer them. */
  readonly outputNames: readonly string[];
}

/** The parts of a request that are checked against the model. */
export interface RequestToCheck {
  readonly inputs: NamedTensors;
  readonly outputs: readonly RequestedOutput[];
}

/**
 * Makes the check of requests against a completed model config: names, datatypes, shapes, batch
 * size, and that the bytes are what the shape promises, on which native memory safety rests. The
 * texts are those Triton's clients match on.
 * @returns a function that throws HeadwayError `invalid_argument`.
 */
export function createRequestValidator(
  config: ModelConfig,
): (request: RequestToCheck) => CheckedRequest {
  const maxBatchSize = config.maxBatchSize ?? 0;
  const inputs = new Map(config.inputs.map((input) => [input.name, input]));
  const checkRequired = createRequiredCheck(config);
  const patterns = new Map(
    config.inputs.map((input) => [input.name, maxBatchSize > 0 ? [-1, ...input.dims] : input.dims]),
  );
  const allOutputs = config.outputs.map((output) => output.name);
  const knownOutputs = new Set(allOutputs);

  const outputNamesOf = (outputs: readonly RequestedOutput[]): readonly string[] => {
    if (outputs.length === 0) return allOutputs;
    for (const { name, classificationCount, target } of outputs) {
      if (!knownOutputs.has(name)) {
        throw invalidArgument(
          `unexpected inference output '${name}' for model '${config.name}'; it has ${allOutputs.map((output) => `'${output}'`).join(', ')}`,
        );
      }
      if (target !== undefined && classificationCount > 0) {
        throw invalidArgument("Output can't set both 'shared_memory_region' and 'classification'");
      }
    }
    return outputs.map((output) => output.name);
  };

  return (request) => {
    checkRequired.count(request.inputs);
    let batchSize = 1;
    let isFirst = true;
    // Of several inputs that are wrong Triton names the last, too.
    for (const [name, tensor] of [...request.inputs].reverse()) {
      const input = inputs.get(name);
      const pattern = patterns.get(name);
      if (input === undefined || pattern === undefined) {
        throw invalidArgument(`unexpected inference input '${name}' for model '${config.name}'`);
      }
      checkTensor(config.name, input, tensor, pattern);
      if (maxBatchSize === 0) continue;
      const itemCount = tensor.shape[0] ?? 1;
      if (isFirst) batchSize = itemCount;
      else if (itemCount !== batchSize) {
        throw invalidArgument(
          `input '${name}' batch size does not match other inputs for '${config.name}': got ${itemCount}, expected ${batchSize}`,
        );
      }
      isFirst = false;
    }
    checkRequired.names(request.inputs);
    checkBatchSize(config.name, batchSize, maxBatchSize);
    return { batchSize, outputNames: outputNamesOf(request.outputs) };
  };
}

function checkTensor(
  model: string,
  input: ModelInput,
  tensor: Tensor,
  pattern: readonly number[],
): void {
  const { name } = input;
  if (tensor.datatype !== input.datatype) {
    throw invalidArgument(
      `inference input '${name}' data-type is '${tensor.datatype}', but model '${model}' expects '${input.datatype}'`,
    );
  }
  if (!shapeMatches(tensor.shape, pattern)) {
    throw invalidArgument(
      `unexpected shape for input '${name}' for model '${model}'. Expected ${formatShape(pattern)}, got ${formatShape(tensor.shape)}.`,
    );
  }
  if (tensor.datatype === 'BYTES') {
    checkBytesElements({ name, modelName: model, tensor });
    return;
  }
  const expectedBytes = tensorByteLength(tensor.datatype, tensor.shape);
  if (expectedBytes !== tensor.data.byteLength) {
    throw invalidArgument(
      `input byte size mismatch for input '${name}' for model '${model}'. Expected ${expectedBytes}, got ${tensor.data.byteLength}`,
    );
  }
}

interface RequiredCheck {
  /** Refuses fewer inputs than are needed, before anything is said of those there are. */
  count(inputs: NamedTensors): void;
  /** Refuses a request that lacks an input, however many others it has. */
  names(inputs: NamedTensors): void;
}

function createRequiredCheck({ name: model, inputs: all }: ModelConfig): RequiredCheck {
  const required = all.filter((input) => !input.optional).map(({ name }) => name);
  const expected =
    required.length === all.length
      ? `expected ${all.length} inputs`
      : `expected number of inputs between ${required.length} and ${all.length}`;
  const names = (inputs: NamedTensors): void => {
    if (required.every((name) => inputs.has(name))) return;
    const missing = required.filter((name) => !inputs.has(name));
    throw invalidArgument(
      `${expected} but got ${inputs.size} inputs for model '${model}'. Got input(s) [${quoted(inputs.keys())}], but missing required input(s) [${quoted(missing)}]. Please provide all required input(s).`,
    );
  };
  return {
    names,
    count(inputs) {
      if (inputs.size < required.length) names(inputs);
    },
  };
}

function quoted(names: Iterable<string>): string {
  return Array.from(names, (name) => `'${name}'`).join(',');
}

function checkBatchSize(model: string, batchSize: number, maxBatchSize: number): void {
  if (maxBatchSize === 0) return;
  if (batchSize > maxBatchSize) {
    throw invalidArgument(
      `inference request batch-size must be <= ${maxBatchSize} for '${model}', got ${batchSize}`,
    );
  }
  if (batchSize < 1) {
    throw invalidArgument(`inference request batch-size must be >= 1 for '${model}', got 0`);
  }
}
