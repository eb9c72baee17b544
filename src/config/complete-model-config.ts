import { type HeadwayError, invalidArgument } from '../core/error.ts';
import { didYouMean } from '../core/nearest-name.ts';
import { formatShape, type ShapePattern } from '../core/shape.ts';
import type { InputSpec, TensorSpec } from '../core/tensor.ts';
import type { ModelConfig, ModelInput, ModelOutput, Warmup } from './model-config.ts';
import { deepFreeze } from './model/deep-freeze.ts';

/** What the model itself takes and gives, batch dimension included. */
interface Signature {
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** The batch size of a model that can be batched and whose config says nothing; Triton's too. */
export const defaultMaxBatchSize = 4;

/**
 * Fills what the config leaves open from the model's signature, and checks the rest against it.
 *
 * - A model can be batched when every input that it needs and every output has a first dimension of
 *   any size.
 * - `max_batch_size` absent, no tensor declared, and the model can be batched: it becomes 4. Absent
 *   in any other case: 0. An explicit 0 keeps batching off, which Triton has no way to say.
 * - Inputs that are not declared are added. One that the model has a value of its own for is optional,
 *   declared or not; where requests are batched, it is added only if its first dimension is a batch's.
 * - Outputs that are not declared are added only when none is: listing some limits the answers to
 *   those.
 * - Dims leave out the batch dimension, and what remains stays as the model has it: a scalar has
 *   dims `[]`. (Triton writes `[1]` with an empty `reshape`; a config that says so is honoured.)
 *
 * @returns the completed config, frozen; `maxBatchSize` is no longer `undefined`.
 * @throws HeadwayError `invalid_argument` that names the tensor, what was expected and what is there.
 */
export function completeModelConfig(config: ModelConfig, signature: Signature): ModelConfig {
  const maxBatchSize = config.maxBatchSize ?? inferredBatchSize(config, signature);
  const isBatched = maxBatchSize > 0;
  if (isBatched) checkCanBatch(config, signature);
  const fill = (spec: TensorSpec) => filledTensor(spec, isBatched);
  checkDeclared(config, 'input', { specs: signature.inputs, isBatched });
  checkDeclared(config, 'output', { specs: signature.outputs, isBatched });
  const completed = {
    ...config,
    maxBatchSize,
    inputs: completedInputs(config, signature, isBatched),
    outputs:
      config.outputs.length > 0
        ? config.outputs
        : signature.outputs.map((spec): ModelOutput => ({
            ...fill(spec),
            labelFilename: undefined,
          })),
  };
  checkBatchSizes(completed, maxBatchSize);
  for (const warmup of completed.warmups) checkWarmup(completed, warmup);
  return deepFreeze(completed);
}

function completedInputs(
  { inputs }: ModelConfig,
  signature: Signature,
  isBatched: boolean,
): readonly ModelInput[] {
  const declared = new Set(inputs.map(({ name }) => name));
  const defaulted = new Set(
    signature.inputs.filter(({ hasDefault }) => hasDefault).map(({ name }) => name),
  );
  const missing = signature.inputs.filter(
    ({ name, shape }) =>
      !declared.has(name) && !(isBatched && defaulted.has(name) && shape[0] !== -1),
  );
  return [
    ...inputs.map((input) => (defaulted.has(input.name) ? { ...input, optional: true } : input)),
    ...missing.map((spec): ModelInput => ({
      ...filledTensor(spec, isBatched),
      optional: defaulted.has(spec.name),
      padValue: undefined,
    })),
  ];
}

function loadError(config: ModelConfig, text: string): HeadwayError {
  return invalidArgument(`Cannot load model '${config.name}': ${text}`);
}

function inferredBatchSize(config: ModelConfig, signature: Signature): number {
  const isDeclared = config.inputs.length > 0 || config.outputs.length > 0;
  const fixed = firstFixedBatch(signature);
  return !isDeclared && fixed === undefined ? defaultMaxBatchSize : 0;
}

/** The first tensor whose first dimension cannot be a batch's. */
function firstFixedBatch({ inputs, outputs }: Signature): TensorSpec | undefined {
  const needed = inputs.filter(({ hasDefault }) => hasDefault !== true);
  return [...needed, ...outputs].find(({ shape }) => shape[0] !== -1);
}

function checkCanBatch(config: ModelConfig, signature: Signature): void {
  const fixed = firstFixedBatch(signature);
  if (fixed === undefined) return;
  throw loadError(
    config,
    `max_batch_size is ${config.maxBatchSize}, but '${fixed.name}' has shape ${formatShape(fixed.shape)}: ` +
      'batching needs a first dimension of any size in every input and output. Set max_batch_size to 0.',
  );
}

function filledTensor(
  { name, datatype, shape }: TensorSpec,
  isBatched: boolean,
): Omit<ModelOutput, 'labelFilename'> {
  return { name, datatype, dims: isBatched ? shape.slice(1) : shape, reshape: undefined };
}

function checkDeclared(
  config: ModelConfig,
  kind: 'input' | 'output',
  model: { readonly specs: readonly TensorSpec[]; readonly isBatched: boolean },
): void {
  const tensors = kind === 'input' ? config.inputs : config.outputs;
  for (const tensor of tensors) {
    const spec = model.specs.find(({ name }) => name === tensor.name);
    if (spec === undefined) {
      const names = model.specs.map(({ name }) => name);
      const hint = didYouMean(tensor.name, names) || `; it has ${names.join(', ')}.`;
      throw loadError(config, `the model has no ${kind} '${tensor.name}'${hint}`);
    }
    if (tensor.datatype !== spec.datatype) {
      throw loadError(
        config,
        `${kind} '${tensor.name}' is ${spec.datatype} in the model, but the config says ${tensor.datatype}.`,
      );
    }
    checkDims(config, `${kind} '${tensor.name}'`, { tensor, spec, isBatched: model.isBatched });
  }
}

function checkDims(
  config: ModelConfig,
  subject: string,
  {
    tensor,
    spec,
    isBatched,
  }: { tensor: ModelInput | ModelOutput; spec: TensorSpec; isBatched: boolean },
): void {
  const declared = tensor.reshape ?? tensor.dims;
  const whole = isBatched ? [-1, ...declared] : declared;
  if (fits(whole, spec.shape)) return;
  const hint =
    !isBatched && fits([-1, ...declared], spec.shape)
      ? ' Set max_batch_size if dims leave out the batch dimension.'
      : '';
  const field = tensor.reshape === undefined ? 'dims' : 'reshape';
  const batch = isBatched ? ', the batch dimension added' : '';
  throw loadError(
    config,
    `${subject} has shape ${formatShape(spec.shape)} in the model, but the config's ${field} give ${formatShape(whole)}${batch}.${hint}`,
  );
}

/** Whether every shape the config allows is one the model allows. */
function fits(declared: ShapePattern, model: ShapePattern): boolean {
  return (
    declared.length === model.length &&
    model.every((dimension, axis) => dimension === -1 || dimension === declared[axis])
  );
}

function checkBatchSizes(config: ModelConfig, maxBatchSize: number): void {
  const tooLarge = config.scheduling.preferredBatchSizes.find((size) => size > maxBatchSize);
  if (tooLarge !== undefined) {
    throw loadError(
      config,
      `preferred_batch_size ${tooLarge} is larger than max_batch_size ${maxBatchSize}.`,
    );
  }
  const padded = config.inputs.find(({ padValue }) => padValue !== undefined);
  if (padded !== undefined && maxBatchSize === 0) {
    throw loadError(config, `input '${padded.name}' has a pad_value, but max_batch_size is 0.`);
  }
}

function checkWarmup(config: ModelConfig, warmup: Warmup): void {
  const fail = (text: string): Error => loadError(config, `warm-up '${warmup.name}' ${text}`);
  const largest = Math.max(1, config.maxBatchSize ?? 0);
  if (warmup.batchSize > largest) {
    throw fail(`has batch_size ${warmup.batchSize}, but the largest batch is ${largest}.`);
  }
  for (const { name, datatype, dims } of warmup.inputs) {
    const input = config.inputs.find((candidate) => candidate.name === name);
    if (input === undefined) throw fail(`gives an input '${name}' that the model does not have.`);
    if (datatype !== input.datatype) {
      throw fail(`gives '${name}' as ${datatype}; the model takes ${input.datatype}.`);
    }
    if (!fits(dims, input.dims)) {
      throw fail(
        `gives '${name}' dims ${formatShape(dims)}; the model takes ${formatShape(input.dims)}.`,
      );
    }
  }
}
