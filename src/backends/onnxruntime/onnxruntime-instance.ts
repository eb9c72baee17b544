import type { ModelConfig } from '../../config/model-config.ts';
import type { Batch, BatchResult } from '../../core/batch.ts';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { Tensor } from '../../core/tensor.ts';
import {
  type PreparedRun,
  type RunControl,
  createRunControl,
  prepareRun,
} from '../../native/onnxruntime/run.ts';
import type { OnnxRuntimeSession } from '../../native/onnxruntime/session.ts';
import { createTensorValues } from '../../native/onnxruntime/values.ts';
import type { BackendInstance } from '../backend.ts';
import { type BoundTensor, type InputBinding, createInputBinding } from './bind-input.ts';
import { type BoundOutput, type OutputBinding, createOutputBinding } from './bind-output.ts';
import type { Padding } from './padding.ts';
import { type RunModes, type RunShape, createRunModes } from './run-mode.ts';
import { rowCountOf, splitOutputs } from './split-outputs.ts';

export interface InstanceParts {
  readonly session: OnnxRuntimeSession;
  readonly config: ModelConfig;
  readonly padding: Padding | undefined;
  readonly handoffMs: number;
}

/** Combinations of outputs for which a call is kept ready; beyond this they are made anew. */
const maxPreparedRuns = 16;

/** Makes an instance: its own memory for batches and its own run options, on the shared session. */
export function createOnnxRuntimeInstance(parts: InstanceParts): BackendInstance {
  const { session, config, padding } = parts;
  const values = createTensorValues(session.environment);
  const isBatched = (config.maxBatchSize ?? 0) > 0;
  const instance: InstanceState = {
    isBatched,
    padding,
    control: createRunControl(session),
    modes: createRunModes(parts.handoffMs),
    inputs: new Map(
      [...session.inputs, ...session.defaultedInputs].map((spec) => [
        spec.name,
        createInputBinding(values, spec, padding?.elements.get(spec.name)),
      ]),
    ),
    outputs: new Map(
      session.outputs.map((spec) => [spec.name, createOutputBinding(values, spec, isBatched)]),
    ),
    prepare(inputs, outputs) {
      checkNeeded(parts, inputs);
      return prepareRun(session, instance.control, { inputs, outputs });
    },
    preparedRuns: new Map(),
  };
  return {
    execute: (batch, signal) => execute(instance, batch, signal),
    async [Symbol.asyncDispose]() {
      for (const binding of instance.inputs.values()) binding[Symbol.dispose]();
      for (const binding of instance.outputs.values()) binding[Symbol.dispose]();
      instance.control[Symbol.dispose]();
    },
  };
}

/** A config may call an input optional that the model cannot do without. */
function checkNeeded({ session, config }: InstanceParts, given: readonly string[]): void {
  const missing = session.inputs.find(({ name }) => !given.includes(name));
  if (missing === undefined) return;
  throw invalidArgument(
    `Model '${config.name}' cannot run without input '${missing.name}': its config says that the input is optional, but the model has no value of its own for it. Send the input.`,
  );
}

interface InstanceState {
  readonly isBatched: boolean;
  readonly padding: Padding | undefined;
  readonly control: RunControl;
  readonly modes: RunModes;
  readonly inputs: ReadonlyMap<string, InputBinding>;
  readonly outputs: ReadonlyMap<string, OutputBinding>;
  readonly prepare: (inputs: readonly string[], outputs: readonly string[]) => PreparedRun;
  readonly preparedRuns: Map<string, PreparedRun>;
}

/** One batch on its way through the runtime. */
interface Execution {
  readonly batch: Batch;
  /** Rows of each request in the batch dimension. */
  readonly rowCounts: readonly number[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly run: PreparedRun;
  readonly inputs: readonly BoundTensor[];
  readonly outputs: readonly BoundOutput[];
  readonly startMs: number;
  readonly gatheredMs: number;
}

/** Runs a batch, and once more when an output turns out to have another shape than its declared one. */
function execute(
  instance: InstanceState,
  batch: Batch,
  signal: AbortSignal,
): BatchResult | Promise<BatchResult> {
  const again = (error: unknown): BatchResult | Promise<BatchResult> => {
    const isMisdeclared = error instanceof HeadwayError && otherShape.test(error.message);
    if (!isMisdeclared || !distrustShapes(instance, batch)) throw error;
    return attempt(instance, batch, signal);
  };
  try {
    const result = attempt(instance, batch, signal);
    return result instanceof Promise ? result.catch(again) : result;
  } catch (error) {
    return again(error);
  }
}

/**
 * What the runtime says of an output that does not fit the tensor it was given.
 * Source: execution_frame.cc and op_kernel.cc of ONNX Runtime 1.17 to 1.30.
 */
const otherShape = /\bOrtValue (?:provided for output|shape verification failed)/;

/** Has the runtime make these outputs from now on. @returns whether it did not make all before. */
function distrustShapes({ outputs }: InstanceState, batch: Batch): boolean {
  return wantedOutputs(batch)
    .map((name) => bindingOf(outputs, name).distrustShape())
    .includes(true);
}

function attempt(
  instance: InstanceState,
  batch: Batch,
  signal: AbortSignal,
): BatchResult | Promise<BatchResult> {
  if (signal.aborted) throw new HeadwayError('cancelled', 'The run was cancelled before it began.');
  const execution = gather(instance, batch);
  const shape = shapeOf(instance, execution);
  if (instance.modes.choose(shape) === 'pool') {
    return executeOnPool(instance, execution, { signal, shape });
  }
  try {
    execution.run.runHere();
  } catch (error) {
    abandon(execution);
    throw error;
  }
  const ranMs = performance.now();
  instance.modes.observe(shape, 'inline', ranMs - execution.gatheredMs);
  return finish(instance, execution, ranMs);
}

async function executeOnPool(
  instance: InstanceState,
  execution: Execution,
  { signal, shape }: { readonly signal: AbortSignal; readonly shape: RunShape },
): Promise<BatchResult> {
  const { terminate } = instance.control;
  signal.addEventListener('abort', terminate, { once: true });
  try {
    await execution.run.runOnPool();
  } catch (error) {
    abandon(execution);
    throw error;
  } finally {
    signal.removeEventListener('abort', terminate);
  }
  const ranMs = performance.now();
  instance.modes.observe(shape, 'pool', ranMs - execution.gatheredMs);
  return finish(instance, execution, ranMs);
}

function gather(instance: InstanceState, batch: Batch): Execution {
  const startMs = performance.now();
  const inputNames = [...(batch.requests[0]?.inputs.keys() ?? [])];
  const outputNames = wantedOutputs(batch);
  const run = preparedRun(instance, inputNames, outputNames);
  const rowCounts = batch.requests.map((request) => rowCountOf(request.inputs));
  const rowCount = rowCounts.reduce((sum, count) => sum + count, 0);
  const inputs: BoundTensor[] = [];
  const outputs: BoundOutput[] = [];
  const targets = batch.requests.length === 1 ? batch.requests[0]?.outputTargets : undefined;
  const execution = { batch, rowCounts, inputNames, outputNames, run, inputs, outputs, startMs };
  try {
    for (const [index, name] of inputNames.entries()) {
      const bound = bindingOf(instance.inputs, name).bind(partsOf(batch, name));
      inputs.push(bound);
      run.inputs[index] = bound.tensor;
    }
    for (const [index, name] of outputNames.entries()) {
      const bound = bindingOf(instance.outputs, name).bind(rowCount, targets?.get(name));
      outputs.push(bound);
      run.outputs[index] = bound.tensor;
    }
  } catch (error) {
    abandon(execution);
    throw error;
  }
  return { ...execution, gatheredMs: performance.now() };
}

function abandon({ inputs, outputs, run }: Pick<Execution, 'inputs' | 'outputs' | 'run'>): void {
  for (const input of inputs) input.release?.();
  for (const [index, output] of outputs.entries()) output.abandon(run.outputs[index] ?? 0n);
}

/** Takes every output; when one cannot be read, frees those behind it too. */
function takeOutputs({ run, outputs, outputNames }: Execution): ReadonlyMap<string, Tensor> {
  const joined = new Map<string, Tensor>();
  for (const [index, output] of outputs.entries()) {
    try {
      joined.set(outputNames[index] ?? '', output.take(run.outputs[index] ?? 0n));
    } catch (error) {
      for (let rest = index + 1; rest < outputs.length; rest += 1) {
        outputs[rest]?.abandon(run.outputs[rest] ?? 0n);
      }
      throw error;
    }
  }
  return joined;
}

function finish(instance: InstanceState, execution: Execution, ranMs: number): BatchResult {
  const { batch, rowCounts } = execution;
  for (const input of execution.inputs) input.release?.();
  const joined = takeOutputs(execution);
  const items = splitOutputs({ ...instance, batch, rowCounts, joined });
  return {
    items,
    timings: {
      inputMs: execution.gatheredMs - execution.startMs,
      inferMs: ranMs - execution.gatheredMs,
      outputMs: performance.now() - ranMs,
    },
  };
}

/** The outputs some request wants, each once. */
function wantedOutputs({ requests }: Batch): readonly string[] {
  const [first] = requests;
  if (first === undefined) return [];
  if (requests.every((request) => request.outputNames === first.outputNames)) {
    return first.outputNames;
  }
  return [...new Set(requests.flatMap((request) => request.outputNames))];
}

function preparedRun(
  { preparedRuns, prepare }: InstanceState,
  inputNames: readonly string[],
  outputNames: readonly string[],
): PreparedRun {
  const key = `${inputNames.join('\0')}\0\0${outputNames.join('\0')}`;
  const kept = preparedRuns.get(key);
  if (kept !== undefined) return kept;
  if (preparedRuns.size >= maxPreparedRuns) preparedRuns.clear();
  const run = prepare(inputNames, outputNames);
  preparedRuns.set(key, run);
  return run;
}

function partsOf({ requests }: Batch, name: string): Tensor[] {
  return requests.map((request) => {
    const tensor = request.inputs.get(name);
    if (tensor === undefined) throw new TypeError(`a request of the batch lacks input '${name}'`);
    return tensor;
  });
}

function bindingOf<B>(bindings: ReadonlyMap<string, B>, name: string): B {
  const binding = bindings.get(name);
  if (binding === undefined) {
    throw new HeadwayError('invalid_argument', `The model has no input or output '${name}'.`);
  }
  return binding;
}

/** Runs of equal shape cost about the same. */
function shapeOf({ isBatched }: InstanceState, { batch, rowCounts }: Execution): RunShape {
  let rowKey = '';
  for (const { shape } of batch.requests[0]?.inputs.values() ?? []) {
    rowKey += `${(isBatched ? shape.slice(1) : shape).join()};`;
  }
  const rowCount = isBatched ? rowCounts.reduce((sum, count) => sum + count, 0) : 1;
  return { key: `${rowCount} ${rowKey}`, rowKey, rowCount };
}
