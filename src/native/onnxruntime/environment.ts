import process from 'node:process';
import { type NativePointer } from './api-table.ts';
import type { OnnxRuntimeLibrary } from './load-library.ts';
import { createOutSlot, readCString, readPointers } from './pointers.ts';
import { checkStatus } from './status.ts';

/** OrtLoggingLevel by name: the least serious message the runtime writes to standard error. */
const runtimeLogLevels = { verbose: 0, info: 1, warning: 2, error: 3, fatal: 4 } as const;

/** The runtime's process-wide state, that sessions are made in. Disposing frees it. */
export interface OnnxRuntimeEnvironment extends Disposable {
  readonly library: OnnxRuntimeLibrary;
  readonly pointer: NativePointer;
  /** Describes memory of the CPU. */
  readonly cpuMemory: NativePointer;
  /** The allocator of names the runtime hands out. */
  readonly allocator: NativePointer;
}

/**
 * Starts the runtime, without its reports to Microsoft unless `ORT_DISABLE_TELEMETRY` is set already,
 * on a thread of libuv's pool: it takes tens of milliseconds.
 */
export async function createOnnxRuntimeEnvironment(
  library: OnnxRuntimeLibrary,
  logLevel: keyof typeof runtimeLogLevels,
): Promise<OnnxRuntimeEnvironment> {
  const { api } = library;
  const slot = createOutSlot();
  // Its own call to end the reports needs a runtime that has started, and made its first.
  // oxlint-disable-next-line no-restricted-properties -- not a setting of ours: the runtime reads it
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
  const status = await new Promise<NativePointer | null>((resolve, reject) => {
    api.CreateEnv.async(runtimeLogLevels[logLevel], 'headway', slot.address, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
  checkStatus(api, status, 'Cannot start ONNX Runtime');
  const pointer = slot.take();
  // OrtArenaAllocator (1) and OrtMemTypeDefault (0): what CPU tensors of ours are described with.
  checkStatus(api, api.CreateCpuMemoryInfo(1, 0, slot.address), 'Cannot describe CPU memory');
  const cpuMemory = slot.take();
  checkStatus(api, api.GetAllocatorWithDefaultOptions(slot.address), 'Cannot find the allocator');
  const allocator = slot.take();
  return {
    library,
    pointer,
    cpuMemory,
    allocator,
    [Symbol.dispose]() {
      api.ReleaseMemoryInfo(cpuMemory);
      api.ReleaseEnv(pointer);
    },
  };
}

/** The execution providers this library was built with, in its order of preference. */
export function availableProviders({ api }: OnnxRuntimeLibrary): string[] {
  const list = createOutSlot();
  const count = new Int32Array(1);
  checkStatus(
    api,
    api.GetAvailableProviders(list.address, count),
    'Cannot list the execution providers',
  );
  const names = readPointers(list.take(), count[0] ?? 0).map(readCString);
  checkStatus(
    api,
    api.ReleaseAvailableProviders(list.take(), count[0] ?? 0),
    'Cannot free the list of execution providers',
  );
  return names;
}
