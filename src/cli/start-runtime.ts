import process from 'node:process';
import {
  type OnnxRuntimeBackend,
  createOnnxRuntimeBackend,
} from '../backends/onnxruntime/onnxruntime-backend.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { Logger } from '../core/logger.ts';
import { libraryPath } from './source-settings.ts';

/** ONNX Runtime on its way up, on another thread. */
export interface StartingRuntime {
  readonly backend: OnnxRuntimeBackend;
  /** Resolves when a session has begun to be made, on another thread too. */
  readonly sessionBegun: Promise<void>;
}

/**
 * Begins to start ONNX Runtime. What else a server is made of can be read in meanwhile.
 * @throws HeadwayError `failed_precondition` when its library cannot be loaded.
 */
export function startRuntime(
  config: Pick<ServerConfig, 'onnxruntimeLibrary'>,
  logger: Logger,
): StartingRuntime {
  const { promise: sessionBegun, resolve: onSessionBegun } = Promise.withResolvers<void>();
  const backend = createOnnxRuntimeBackend({
    libraryPath: libraryPath({ cwd: process.cwd() }, config.onnxruntimeLibrary),
    logger,
    onSessionBegun,
  });
  return { backend, sessionBegun };
}
