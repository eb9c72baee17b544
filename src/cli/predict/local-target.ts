import { createOnnxRuntimeBackend } from '../../backends/onnxruntime/onnxruntime-backend.ts';
import type { ModelSpec } from '../../backends/backend.ts';
import { completeModelConfig } from '../../config/complete-model-config.ts';
import type { ModelConfig } from '../../config/model-config.ts';
import { emptyModelConfig } from '../../config/model/parse-model-config.ts';
import { invalidArgument } from '../../core/error.ts';
import { silentLogger } from '../../core/logger.ts';
import type { InputSpec } from '../../core/tensor.ts';
import { readLabels } from '../../repository/labels.ts';
import { createReshaping } from '../../server/reshape.ts';
import { createRequestValidator } from '../../server/validate.ts';
import type { CliContext } from '../context.ts';
import { findModel, runsInServer } from '../model-place.ts';
import type { PredictionTarget } from './target.ts';

/** Which file or folder to run, and with which runtime. */
export interface LocalTargetOptions {
  readonly model: string;
  /** The shared library; the bundled one when `undefined`. */
  readonly libraryPath: string | undefined;
}

/**
 * Loads a model into this process. A file is run as it is; the folder of a repository's model with
 * its config, labels included.
 * @throws HeadwayError for a model that cannot be found or loaded.
 */
export async function createLocalTarget(
  { cwd, clock, signal }: Pick<CliContext, 'cwd' | 'clock' | 'signal'>,
  { model: given, libraryPath }: LocalTargetOptions,
): Promise<PredictionTarget> {
  const spec = await modelSpec(cwd, given);
  await using resources = new AsyncDisposableStack();
  const backend = resources.use(createOnnxRuntimeBackend({ libraryPath, logger: silentLogger }));
  const startMs = clock.nowMs();
  const model = resources.use(await backend.load(spec));
  const config = completeModelConfig(spec.config, model.signature);
  const instance = resources.use(await model.createInstance(config));
  const loadMs = clock.nowMs() - startMs;
  const labels = await labelsOf(spec, config);
  const validate = createRequestValidator(config);
  const reshape = createReshaping(config);
  const owned = resources.move();
  return {
    model: spec.name,
    loadMs,
    inputs: inputSpecs(config, model.signature.inputs),
    labels,
    async run(inputs) {
      const { outputNames } = validate({ inputs, outputs: [] });
      const request = { id: '', inputs: reshape.inputs(inputs), outputNames, parameters: {} };
      const runStartMs = clock.nowMs();
      const { items, timings } = await instance.execute({ requests: [request] }, signal);
      const durationMs = clock.nowMs() - runStartMs;
      const [item] = items;
      if (item?.kind !== 'done') throw item?.error ?? new TypeError('The batch has no item.');
      const stages = [
        { name: 'input', durationMs: timings.inputMs },
        { name: 'execute', durationMs: timings.inferMs },
        { name: 'output', durationMs: timings.outputMs },
      ];
      return { outputs: reshape.outputs(item.outputs), durationMs, stages };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function modelSpec(cwd: string, given: string): Promise<ModelSpec> {
  const place = await findModel(cwd, given);
  if (place.kind === 'file') {
    const config = emptyModelConfig({
      modelName: given,
      file: 'config',
      defaultMaxQueueSize: 1,
      warn: () => {},
    });
    // Whole shapes, as the file has them: nothing is batched here.
    return { name: given, version: 1, path: place.path, config: { ...config, maxBatchSize: 0 } };
  }
  const { name, folder, config, served } = place;
  if (config.backend === 'script') throw runsInServer(given);
  if (served === undefined) {
    throw invalidArgument(
      `Model '${name}' has no version to run: put its file in a version folder such as 1/model.onnx.`,
    );
  }
  return { name, version: served.version, path: served.path, folder, config };
}

/** What clients send, with the names the model's file has for its dimensions. */
function inputSpecs({ inputs, maxBatchSize = 0 }: ModelConfig, signature: readonly InputSpec[]) {
  return inputs.map(({ name, datatype, dims, optional }): InputSpec => {
    const shape = maxBatchSize > 0 ? [-1, ...dims] : dims;
    const declared = signature.find((spec) => spec.name === name);
    const isSameRank = declared?.shape.length === shape.length;
    return {
      name,
      datatype,
      shape,
      hasDefault: optional,
      ...(isSameRank && { dimensionNames: declared.dimensionNames ?? [] }),
    };
  });
}

async function labelsOf(
  { folder }: ModelSpec,
  { outputs }: ModelConfig,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const labels = new Map<string, readonly string[]>();
  for (const { name, labelFilename } of outputs) {
    if (folder === undefined || labelFilename === undefined) continue;
    labels.set(name, await readLabels(folder, labelFilename));
  }
  return labels;
}
