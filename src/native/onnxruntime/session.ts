import type { NativePointer } from './api-table.ts';
import type { OnnxRuntimeEnvironment } from './environment.ts';
import { addressOf, createOutSlot, pathString, readCString } from './pointers.ts';
import { type SessionSettings, createSessionOptions } from './session-options.ts';
import { type ValueSignature, readValueSignature } from './signature.ts';
import { checkStatus } from './status.ts';

/** Where a model is: a file, or its bytes. */
export type ModelSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** A loaded model. `Run` may be called on it from several threads at once. Dispose it when idle. */
export interface OnnxRuntimeSession extends Disposable {
  readonly environment: OnnxRuntimeEnvironment;
  readonly pointer: NativePointer;
  readonly inputs: readonly ValueSignature[];
  readonly outputs: readonly ValueSignature[];
  /** Ends profiling. @returns the name of the file that was written. */
  endProfiling(): string;
}

/**
 * Loads a model on a thread of libuv's pool, so that the event loop goes on.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for what is no ONNX model.
 */
export async function createSession(
  environment: OnnxRuntimeEnvironment,
  source: ModelSource,
  settings: SessionSettings,
): Promise<OnnxRuntimeSession> {
  const { api } = environment.library;
  using options = createSessionOptions(environment, settings);
  // Referenced until the call is over, as the pool's thread reads and writes them.
  const slot = createOutSlot();
  const memory = source.kind === 'file' ? pathString(source.path) : source.bytes;
  const status = await new Promise<NativePointer | null>((resolve, reject) => {
    const done = (error: Error | null, result: NativePointer | null): void => {
      if (error === null) resolve(result);
      else reject(error);
    };
    if (source.kind === 'file') {
      api.CreateSession.async(
        environment.pointer,
        addressOf(memory),
        options.pointer,
        slot.address,
        done,
      );
    } else {
      api.CreateSessionFromArray.async(
        environment.pointer,
        addressOf(memory),
        memory.byteLength,
        options.pointer,
        slot.address,
        done,
      );
    }
  });
  checkStatus(
    api,
    status,
    `Cannot load the model of ${memory.byteLength > 0 ? describe(source) : 'no bytes'}`,
  );
  return openSession(environment, slot.take());
}

function describe(source: ModelSource): string {
  return source.kind === 'file'
    ? `file '${source.path.replace(/^.*[/\\]/, '')}'`
    : `${source.bytes.byteLength} bytes`;
}

function openSession(
  environment: OnnxRuntimeEnvironment,
  pointer: NativePointer,
): OnnxRuntimeSession {
  const { api } = environment.library;
  try {
    return {
      environment,
      pointer,
      inputs: readSignatures(environment, pointer, 'Input'),
      outputs: readSignatures(environment, pointer, 'Output'),
      endProfiling() {
        const slot = createOutSlot();
        const status = api.SessionEndProfiling(pointer, environment.allocator, slot.address);
        checkStatus(api, status, 'Cannot end profiling');
        return takeText(environment, slot.take());
      },
      [Symbol.dispose]: () => api.ReleaseSession(pointer),
    };
  } catch (error) {
    api.ReleaseSession(pointer);
    throw error;
  }
}

function readSignatures(
  environment: OnnxRuntimeEnvironment,
  session: NativePointer,
  side: 'Input' | 'Output',
): ValueSignature[] {
  const { library, allocator } = environment;
  const { api } = library;
  const slot = createOutSlot();
  const what = `Cannot read the model's ${side.toLowerCase()}s`;
  checkStatus(api, api[`SessionGet${side}Count`](session, slot.address), what);
  return Array.from({ length: Number(slot.take()) }, (_, index) => {
    checkStatus(api, api[`SessionGet${side}Name`](session, index, allocator, slot.address), what);
    const name = takeText(environment, slot.take());
    checkStatus(api, api[`SessionGet${side}TypeInfo`](session, index, slot.address), what);
    const typeInfo = slot.take();
    try {
      return readValueSignature(library.api, name, typeInfo);
    } finally {
      api.ReleaseTypeInfo(typeInfo);
    }
  });
}

/** Reads a text the runtime allocated, and frees it. */
function takeText({ library, allocator }: OnnxRuntimeEnvironment, address: NativePointer): string {
  const text = readCString(address);
  checkStatus(library.api, library.api.AllocatorFree(allocator, address), 'Cannot free a text');
  return text;
}
