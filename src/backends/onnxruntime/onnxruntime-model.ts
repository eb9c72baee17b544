import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HeadwayError, toHeadwayError } from '../../core/error.ts';
import type { OnnxRuntimeEnvironment } from '../../native/onnxruntime/environment.ts';
import type { BackendModel, ModelSpec } from '../backend.ts';
import { createOnnxRuntimeInstance } from './onnxruntime-instance.ts';
import type { LeaseFile } from '../../native/file-lease.ts';
import { checkModel, loadSession } from './load-session.ts';
import { paddingOf } from './padding.ts';
import { sessionSettings } from './session-settings.ts';

/** What of the machine decides how models run. */
export interface Machine {
  readonly coreCount: number;
  /** Cost of handing a call to another thread and back. */
  readonly handoffMs: number;
}

/** The runtime, once it has started. */
export interface StartedRuntime {
  readonly environment: OnnxRuntimeEnvironment;
  readonly machine: Machine;
}

/** What models are loaded with. */
export interface ModelLoading {
  /** The runtime, which may still be starting while the files are checked. */
  readonly starting: Promise<StartedRuntime>;
  readonly leaseFile: LeaseFile;
  /** Told when the runtime has begun to make the session. */
  readonly onSessionBegun: () => void;
}

/**
 * Loads a model version into one session, which all of its instances share.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for what is no ONNX model
 * or has weights outside its folder.
 */
export async function loadOnnxRuntimeModel(
  spec: ModelSpec,
  { starting, leaseFile, onSessionBegun }: ModelLoading,
): Promise<BackendModel> {
  const path = await findModelFile(spec);
  await using checked = await describeFailure(spec, checkModel(path, leaseFile));
  const { environment, machine } = await starting;
  const settings = sessionSettings(spec.config, machine.coreCount);
  const creating = loadSession(environment, checked, settings);
  onSessionBegun();
  const session = await describeFailure(spec, creating);
  const signature = {
    inputs: [
      ...session.inputs,
      ...session.defaultedInputs.map((input) => ({ ...input, hasDefault: true })),
    ],
    outputs: session.outputs,
  };
  return {
    signature,
    // The session's threads are started with it, and their number follows from the instances'.
    isLoadedFor: (config) =>
      isDeepStrictEqual(settings, sessionSettings(config, machine.coreCount)),
    createInstance: async (config) =>
      createOnnxRuntimeInstance({
        session,
        config,
        padding: paddingOf(config, signature),
        handoffMs: machine.handoffMs,
      }),
    async [Symbol.asyncDispose]() {
      session[Symbol.dispose]();
    },
  };
}

/** The outcome of a step of a load; a failure names the model. */
async function describeFailure<T>({ name, version }: ModelSpec, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (thrown) {
    const error = toHeadwayError(thrown);
    throw new HeadwayError(
      // The runtime has no code of its own for much that may be wrong with a file.
      error.code === 'internal' ? 'invalid_argument' : error.code,
      `Cannot load model '${name}' version ${version}: ${error.message}`,
      { cause: thrown },
    );
  }
}

/** `model.onnx`, or the file the config names, or that file inside a folder of that name. */
async function findModelFile({ name, version, path, config }: ModelSpec): Promise<string> {
  const fileName = config.defaultModelFilename ?? 'model.onnx';
  const candidates = [path, join(path, fileName), join(path, fileName, 'model.onnx')];
  for (const candidate of candidates) {
    if (await isFile(candidate)) return candidate;
  }
  throw new HeadwayError(
    'not_found',
    `Cannot load model '${name}' version ${version}: its folder has no file '${fileName}'.`,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
