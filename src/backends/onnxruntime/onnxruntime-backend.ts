import type { Logger } from '../../core/logger.ts';
import { availableCores } from '../../native/available-cores.ts';
import { createOnnxRuntimeEnvironment } from '../../native/onnxruntime/environment.ts';
import { loadOnnxRuntimeLibrary } from '../../native/onnxruntime/load-library.ts';
import { checkOnnxRuntime } from '../../native/onnxruntime/self-check.ts';
import type { Backend } from '../backend.ts';
import { lowerComputePriority } from './compute-priority.ts';
import { measureHandoffMs } from './handoff.ts';
import { loadOnnxRuntimeModel } from './onnxruntime-model.ts';

export interface OnnxRuntimeBackendOptions {
  /** The shared library; the bundled CPU library when `undefined`. */
  readonly libraryPath: string | undefined;
  readonly logger: Logger;
}

/**
 * Runs ONNX models on ONNX Runtime.
 * @throws HeadwayError `failed_precondition` when the library cannot be used or answers wrongly.
 */
export async function createOnnxRuntimeBackend(
  options: OnnxRuntimeBackendOptions,
): Promise<Backend> {
  const library = loadOnnxRuntimeLibrary(options.libraryPath);
  const environment = createOnnxRuntimeEnvironment(library, 'fatal');
  try {
    await checkOnnxRuntime(environment);
  } catch (error) {
    environment[Symbol.dispose]();
    throw error;
  }
  const machine = { coreCount: availableCores(), handoffMs: await measureHandoffMs(environment) };
  lowerComputePriority();
  options.logger.verbose('ONNX Runtime is ready.', {
    version: library.version,
    apiVersion: library.apiVersion,
    ...machine,
  });
  return {
    name: 'onnxruntime',
    load: (spec) => loadOnnxRuntimeModel(environment, spec, machine),
    async [Symbol.asyncDispose]() {
      environment[Symbol.dispose]();
    },
  };
}
