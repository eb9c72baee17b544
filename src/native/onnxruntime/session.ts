import { HeadwayError } from '../../core/error.ts';
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
  /** Those that a run needs. */
  readonly inputs: readonly ValueSignature[];
  /** Inputs with a value of the model's own, which a run may replace. */
  readonly defaultedInputs: readonly ValueSignature[];
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
      defaultedInputs: readSignatures(environment, pointer, 'OverridableInitializer'),
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

type Side = 'Input' | 'Output' | 'OverridableInitializer';

function readSignatures(
  environment: OnnxRuntimeEnvironment,
  session: NativePointer,
  side: Side,
): ValueSignature[] {
  const { api } = environment.library;
  const slot = createOutSlot();
  checkStatus(api, api[`SessionGet${side}Count`](session, slot.address), whatOf(side));
  return Array.from({ length: Number(slot.take()) }).flatMap((_, index) => {
    try {
      return [readSignature(environment, session, { side, index })];
    } catch (error) {
      // Nobody could send it, and nobody need: the model has its value.
      const isNeedless = side === 'OverridableInitializer' && error instanceof HeadwayError;
      if (isNeedless && error.code === 'unimplemented') return [];
      throw error;
    }
  });
}

function readSignature(
  environment: OnnxRuntimeEnvironment,
  session: NativePointer,
  { side, index }: { readonly side: Side; readonly index: number },
): ValueSignature {
  const { library, allocator } = environment;
  const { api } = library;
  const slot = createOutSlot();
  const what = whatOf(side);
  checkStatus(api, api[`SessionGet${side}Name`](session, index, allocator, slot.address), what);
  const name = takeText(environment, slot.take());
  checkStatus(api, api[`SessionGet${side}TypeInfo`](session, index, slot.address), what);
  const typeInfo = slot.take();
  try {
    return readValueSignature(api, name, typeInfo);
  } finally {
    api.ReleaseTypeInfo(typeInfo);
  }
}

function whatOf(side: Side): string {
  return `Cannot read the model's ${side === 'Output' ? 'outputs' : 'inputs'}`;
}

/** Reads a text the runtime allocated, and frees it. */
function takeText({ library, allocator }: OnnxRuntimeEnvironment, address: NativePointer): string {
  const text = readCString(address);
  checkStatus(library.api, library.api.AllocatorFree(allocator, address), 'Cannot free a text');
  return text;
}
