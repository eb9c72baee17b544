import type { ModelConfig } from '../../config/model-config.ts';
import type { Clock } from '../../core/clock.ts';
import { type HeadwayError, invalidArgument, toHeadwayError } from '../../core/error.ts';
import type { Logger } from '../../core/logger.ts';
import type { TensorSpec } from '../../core/tensor.ts';
import type { BackendModel, ModelSignature, ModelSpec } from '../backend.ts';
import type { CallModel } from './call-model.ts';
import type { Question, ScriptSource, SentError } from './messages.ts';
import { readSignature } from './read-sent.ts';
import { createScriptInstance } from './script-instance.ts';
import { type ScriptProcess, startScriptProcess } from './script-process.ts';
import { scriptSettings } from './script-settings.ts';

/** What the models of the script backend share. */
export interface ScriptBackendParts {
  /** The file that a script's process runs. */
  readonly mainPath: string;
  readonly callModel: CallModel;
  readonly residentBytes: (pid: number) => number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A script of a model version: where it lies, and what runs it. */
interface ScriptPlace {
  readonly spec: ModelSpec;
  readonly folder: string;
  readonly source: ScriptSource;
  readonly parts: ScriptBackendParts;
}

/** A script that is imported, and not initialised yet. */
interface LoadedScript {
  readonly process: ScriptProcess;
  /** What it exports. */
  readonly signature: ModelSignature | undefined;
}

/** Time for importing a script, and again for its initialise(). */
const startLimitMs = 60_000;

/**
 * Loads a script: one process imports it, and becomes its first instance.
 * @throws HeadwayError `invalid_argument` when it cannot be imported, or says nowhere what it takes
 * and gives.
 */
export async function loadScriptModel(place: ScriptPlace): Promise<BackendModel> {
  const { spec } = place;
  checkConfig(spec.config);
  scriptSettings(spec.config);
  const noSignal = new AbortController().signal;
  const loaded = await loadScript(place, noSignal);
  let spare: ScriptProcess | undefined = loaded.process;
  let signature: ModelSignature;
  try {
    signature = loaded.signature ?? declaredSignature(place);
  } catch (error) {
    await spare[Symbol.asyncDispose]();
    throw error;
  }
  return {
    signature,
    isLoadedFor: () => true,
    async createInstance(config) {
      const expected = { config, signature };
      const start = async (signal: AbortSignal, given?: ScriptProcess): Promise<ScriptProcess> => {
        const process = given ?? (await loadScript(place, signal)).process;
        return initialise(process, place, { config, signature, signal });
      };
      const given = spare;
      spare = undefined;
      return createScriptInstance({
        ...place.parts,
        expected,
        timeLimitMs: scriptSettings(config).timeLimitMs,
        first: await start(noSignal, given),
        restart: start,
      });
    },
    async [Symbol.asyncDispose]() {
      await spare?.[Symbol.asyncDispose]();
    },
  };
}

function checkConfig({ name, executionProviders }: ModelConfig): void {
  if (executionProviders.length === 0) return;
  throw invalidArgument(
    `Cannot load model '${name}': execution accelerators are for ONNX models; a script has none.`,
  );
}

async function loadScript(place: ScriptPlace, signal: AbortSignal): Promise<LoadedScript> {
  const { spec, source, parts } = place;
  const { memoryLimitBytes } = scriptSettings(spec.config);
  const process = startScriptProcess({
    ...parts,
    subject: `The script of model '${spec.name}'`,
    memoryLimitBytes,
    onLine: (line, stream) => parts.logger.info(line, { model: spec.name, stream }),
  });
  const value = await askToStart(process, place, {
    question: { kind: 'load', ...source },
    what: 'its script cannot be imported',
    signal,
  });
  try {
    return { process, signature: readSignature(value) };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw cannotLoad(place, toHeadwayError(error).message, error);
  }
}

async function initialise(
  process: ScriptProcess,
  place: ScriptPlace,
  {
    config,
    signature,
    signal,
  }: { config: ModelConfig; signature: ModelSignature; signal: AbortSignal },
): Promise<ScriptProcess> {
  const { name: modelName, version } = place.spec;
  const { parameters, maxBatchSize = 0 } = config;
  const { folder } = place;
  const context = { modelName, version, folder, parameters, maxBatchSize, signature };
  await askToStart(process, place, {
    question: { kind: 'initialise', context },
    what: "its script's initialise() failed",
    signal,
  });
  return process;
}

/** Asks a script that is being started, and ends it when it fails. */
async function askToStart(
  process: ScriptProcess,
  place: ScriptPlace,
  { question, what, signal }: { question: Question; what: string; signal: AbortSignal },
): Promise<unknown> {
  const onAbort = (): void => process.kill('was not waited for');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const outcome = await process.ask(question, { limitMs: startLimitMs });
    if (outcome.kind === 'done') return outcome.value;
    throw cannotLoad(place, `${what}: ${shownMessage(outcome.error, place)}`, outcome.error);
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What an error says, files named as they lie in the version's folder. */
function shownMessage({ message }: SentError, { folder }: ScriptPlace): string {
  return message.replaceAll(`${folder}/`, '');
}

function cannotLoad({ spec }: ScriptPlace, text: string, cause: unknown): HeadwayError {
  const error = cause instanceof Error ? cause : Object.assign(new Error(text), cause);
  return invalidArgument(`Cannot load model '${spec.name}' version ${spec.version}: ${text}`, {
    cause: error,
  });
}

/** The signature as the config declares it. @throws HeadwayError when it declares none. */
function declaredSignature(place: ScriptPlace): ModelSignature {
  const { inputs, outputs, maxBatchSize = 0 } = place.spec.config;
  if (inputs.length === 0 || outputs.length === 0) {
    throw cannotLoad(
      place,
      "nothing says what it takes and gives: declare input and output in its config, or export a 'signature' from its script.",
      undefined,
    );
  }
  const specOf = (
    tensor: ModelConfig['inputs'][number] | ModelConfig['outputs'][number],
  ): TensorSpec => {
    const dims = tensor.reshape ?? tensor.dims;
    const shape = maxBatchSize > 0 ? [-1, ...dims] : dims;
    return { name: tensor.name, datatype: tensor.datatype, shape };
  };
  return { inputs: inputs.map(specOf), outputs: outputs.map(specOf) };
}
