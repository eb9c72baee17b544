import type { Logger } from '../../core/logger.ts';
import { availableCores } from '../../native/available-cores.ts';
import { createOnnxRuntimeEnvironment } from '../../native/onnxruntime/environment.ts';
import { createFileLeaser } from '../../native/file-lease.ts';
import {
  type OnnxRuntimeLibrary,
  loadOnnxRuntimeLibrary,
} from '../../native/onnxruntime/load-library.ts';
import { checkOnnxRuntime } from '../../native/onnxruntime/self-check.ts';
import type { Backend } from '../backend.ts';
import { lowerComputePriority } from './compute-priority.ts';
import { measureHandoffMs } from './handoff.ts';
import { type StartedRuntime, loadOnnxRuntimeModel } from './onnxruntime-model.ts';

export interface OnnxRuntimeBackendOptions {
  /** The shared library; the bundled CPU library when `undefined`. */
  readonly libraryPath: string | undefined;
  readonly logger: Logger;
  /** Told whenever the runtime has begun to make a session, on another thread. */
  readonly onSessionBegun?: () => void;
}

/** The backend that runs ONNX models. */
export interface OnnxRuntimeBackend extends Backend {
  /**
   * Settles when the runtime has started and passed its check; loads wait for it themselves.
   * Rejects with a HeadwayError `failed_precondition` when the library answers wrongly.
   */
  readonly started: Promise<unknown>;
}

/**
 * Runs ONNX models on ONNX Runtime, which starts meanwhile.
 * @throws HeadwayError `failed_precondition` when the library cannot be loaded.
 */
export function createOnnxRuntimeBackend(options: OnnxRuntimeBackendOptions): OnnxRuntimeBackend {
  const library = loadOnnxRuntimeLibrary(options.libraryPath);
  const starting = startRuntime(library, options.logger);
  // Whoever loads or waits is told; a start that nobody waits for is no unhandled failure.
  starting.catch(() => {});
  const { onSessionBegun = () => {} } = options;
  const loading = { starting, leaseFile: createFileLeaser(), onSessionBegun };
  return {
    name: 'onnxruntime',
    started: starting,
    load: (spec) => loadOnnxRuntimeModel(spec, loading),
    async [Symbol.asyncDispose]() {
      const runtime = await starting.catch(() => undefined);
      runtime?.environment[Symbol.dispose]();
    },
  };
}

async function startRuntime(library: OnnxRuntimeLibrary, logger: Logger): Promise<StartedRuntime> {
  const environment = await createOnnxRuntimeEnvironment(library, 'fatal');
  try {
    await checkOnnxRuntime(environment);
    const machine = { coreCount: availableCores(), handoffMs: await measureHandoffMs(environment) };
    lowerComputePriority();
    logger.verbose('ONNX Runtime is ready.', {
      version: library.version,
      apiVersion: library.apiVersion,
      ...machine,
    });
    return { environment, machine };
  } catch (error) {
    environment[Symbol.dispose]();
    throw error;
  }
}
