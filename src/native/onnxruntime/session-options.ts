import type { NativePointer, OnnxRuntimeApi } from './api-table.ts';
import { appendExecutionProvider } from './execution-providers.ts';
import type { OnnxRuntimeEnvironment } from './environment.ts';
import { createOutSlot, pathString } from './pointers.ts';
import { checkStatus } from './status.ts';

/** GraphOptimizationLevel by name. Source: onnxruntime_c_api.h. */
export const graphLevels = { disabled: 0, basic: 1, extended: 2, all: 99 } as const;

/** An execution provider wanted, by the runtime's short name, with its own options. */
export interface ExecutionProviderRequest {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

/** How a session is made. What is left out is as the runtime has it. */
export interface SessionSettings {
  readonly graphLevel?: keyof typeof graphLevels;
  /** Threads that work on one operator, the calling one included; 0 for all cores. */
  readonly intraOpThreads?: number;
  /** Threads that run operators side by side, under parallel execution. */
  readonly interOpThreads?: number;
  readonly executionMode?: 'sequential' | 'parallel';
  readonly enableMemoryArena?: boolean;
  readonly enableMemoryPattern?: boolean;
  /** File the optimised model is written to. */
  readonly optimizedModelPath?: string;
  /** Profiles every run into a file whose name begins with this. */
  readonly profilePrefix?: string;
  /** Names the session in the runtime's log. */
  readonly logId?: string;
  /** OrtLoggingLevel, 0 (all) to 4. */
  readonly logSeverity?: number;
  /** Sizes for symbolic dimensions, by their names. */
  readonly freeDimensions?: Readonly<Record<string, number>>;
  /** Any `session.*` entry of onnxruntime_session_options_config_keys.h. */
  readonly configEntries?: Readonly<Record<string, string>>;
  /** In order of preference; the CPU comes last by itself. */
  readonly executionProviders?: readonly ExecutionProviderRequest[];
}

/** Native session options; freed when the session is made. */
export interface NativeSessionOptions extends Disposable {
  readonly pointer: NativePointer;
}

/**
 * Turns settings into the runtime's session options.
 * @throws HeadwayError `invalid_argument` for an option the runtime refuses,
 * `failed_precondition` for an execution provider the library does not have.
 */
export function createSessionOptions(
  environment: OnnxRuntimeEnvironment,
  settings: SessionSettings,
): NativeSessionOptions {
  const { api } = environment.library;
  const slot = createOutSlot();
  checkStatus(api, api.CreateSessionOptions(slot.address), 'Cannot make session options');
  const pointer = slot.take();
  const release = (): void => api.ReleaseSessionOptions(pointer);
  try {
    for (const [what, status] of applySettings(api, pointer, settings)) {
      checkStatus(api, status, `Cannot set ${what}`);
    }
    for (const provider of settings.executionProviders ?? []) {
      appendExecutionProvider(environment.library, pointer, provider);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { pointer, [Symbol.dispose]: release };
}

type Applied = readonly [what: string, status: NativePointer | null];

function* applySettings(
  api: OnnxRuntimeApi,
  options: NativePointer,
  settings: SessionSettings,
): Generator<Applied> {
  const { graphLevel, intraOpThreads, interOpThreads, executionMode, logSeverity } = settings;
  if (graphLevel !== undefined) {
    const level = graphLevels[graphLevel];
    yield ['the graph level', api.SetSessionGraphOptimizationLevel(options, level)];
  }
  if (intraOpThreads !== undefined) {
    yield ['the intra-op threads', api.SetIntraOpNumThreads(options, intraOpThreads)];
  }
  if (interOpThreads !== undefined) {
    yield ['the inter-op threads', api.SetInterOpNumThreads(options, interOpThreads)];
  }
  if (executionMode !== undefined) {
    const mode = executionMode === 'parallel' ? 1 : 0;
    yield ['the execution mode', api.SetSessionExecutionMode(options, mode)];
  }
  if (settings.logId !== undefined) {
    yield ['the log id', api.SetSessionLogId(options, settings.logId)];
  }
  if (logSeverity !== undefined) {
    yield ['the log severity', api.SetSessionLogSeverityLevel(options, logSeverity)];
  }
  yield* applyMemory(api, options, settings);
  yield* applyPaths(api, options, settings);
  for (const [name, size] of Object.entries(settings.freeDimensions ?? {})) {
    yield [`dimension '${name}'`, api.AddFreeDimensionOverrideByName(options, name, size)];
  }
  for (const [key, value] of Object.entries(settings.configEntries ?? {})) {
    yield [`session config entry '${key}'`, api.AddSessionConfigEntry(options, key, value)];
  }
}

function* applyMemory(
  api: OnnxRuntimeApi,
  options: NativePointer,
  { enableMemoryArena, enableMemoryPattern }: SessionSettings,
): Generator<Applied> {
  if (enableMemoryArena !== undefined) {
    const set = enableMemoryArena ? api.EnableCpuMemArena : api.DisableCpuMemArena;
    yield ['the memory arena', set(options)];
  }
  if (enableMemoryPattern !== undefined) {
    const set = enableMemoryPattern ? api.EnableMemPattern : api.DisableMemPattern;
    yield ['the memory pattern', set(options)];
  }
}

function* applyPaths(
  api: OnnxRuntimeApi,
  options: NativePointer,
  { optimizedModelPath, profilePrefix }: SessionSettings,
): Generator<Applied> {
  if (optimizedModelPath !== undefined) {
    const path = pathString(optimizedModelPath);
    yield ['the path of the optimised model', api.SetOptimizedModelFilePath(options, path)];
  }
  if (profilePrefix !== undefined) {
    yield ['profiling', api.EnableProfiling(options, pathString(profilePrefix))];
  }
}
