import { koffi } from '../koffi.ts';
import { HeadwayError } from '../../core/error.ts';
import { type ApiOfLibrary, readApiBase } from './api-base.ts';
import type { NativePointer } from './api-table.ts';
import { findBundledLibrary } from './find-library.ts';

/** A loaded ONNX Runtime. It stays loaded until the process ends. */
export interface OnnxRuntimeLibrary extends ApiOfLibrary {
  readonly path: string;
  /** Keeps the library loaded: what koffi loaded is unloaded when nothing refers to it. */
  readonly handle: unknown;
}

/**
 * Loads ONNX Runtime's shared library and finds the functions Headway calls.
 * @param named a library file; the bundled CPU library when `undefined`.
 * @throws HeadwayError `failed_precondition` when there is no such file, it is not ONNX Runtime, or
 * its API is older than Headway needs: the message says which file was tried and how to name another.
 */
export function loadOnnxRuntimeLibrary(named: string | undefined): OnnxRuntimeLibrary {
  let tried = named;
  try {
    const path = (tried ??= findBundledLibrary(process, import.meta.dirname));
    const handle = koffi.load(path);
    const getApiBase = handle.func('OrtGetApiBase', 'void*', []) as () => NativePointer | null;
    return { path, handle, ...readApiBase(getApiBase()) };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const reason = tried === undefined ? said : `'${tried}' cannot be used: ${said}`;
    throw new HeadwayError(
      'failed_precondition',
      `Cannot load ONNX Runtime: ${reason.replace(/\.$/, '')}. Name another library with --onnxruntime-library FILE.`,
      { cause },
    );
  }
}
