import koffi from 'koffi';
import { HeadwayError } from '../../core/error.ts';
import {
  type ApiFunction,
  type OnnxRuntimeApi,
  apiTable,
  supportedApiVersions,
} from './api-table.ts';
import { findOnnxRuntimeLibrary } from './find-library.ts';

/** A loaded ONNX Runtime. It stays loaded until the process ends. */
export interface OnnxRuntimeLibrary {
  readonly path: string;
  /** The runtime's own version, such as `1.30.0`. */
  readonly version: string;
  /** The version of the C API agreed on. */
  readonly apiVersion: number;
  readonly api: OnnxRuntimeApi;
  /** Keeps the library loaded: what koffi loaded is unloaded when nothing refers to it. */
  readonly handle: unknown;
}

const pointerBytes = 8;

/**
 * Loads ONNX Runtime's shared library and finds the functions Headway calls.
 * @param named a library file; the bundled CPU library when `undefined`.
 * @throws HeadwayError `failed_precondition` when there is no such file, it is not ONNX Runtime, or
 * its API is older than Headway needs: the message says which file was tried and how to name another.
 */
export function loadOnnxRuntimeLibrary(named: string | undefined): OnnxRuntimeLibrary {
  const path = findOnnxRuntimeLibrary(named);
  if (path === undefined) {
    throw unusable(`there is no bundled library for ${process.platform} on ${process.arch}`);
  }
  const base = openApiBase(path);
  const version = base.GetVersionString();
  const apiVersion = negotiateApiVersion(path, version);
  const table = base.GetApi(apiVersion);
  if (table === null) {
    throw unusable(`'${path}' (ONNX Runtime ${version}) refused API version ${apiVersion}`);
  }
  return { path, version, apiVersion, api: readApiTable(table), handle: base.handle };
}

interface ApiBase {
  GetApi(version: number): bigint | null;
  GetVersionString(): string;
  readonly handle: unknown;
}

function openApiBase(path: string): ApiBase {
  try {
    const handle = koffi.load(path);
    const getApiBase = handle.func('OrtGetApiBase', 'void*', []) as () => bigint;
    const base = getApiBase();
    return {
      handle,
      GetApi: functionAt(base, 0, {
        result: 'void*',
        parameters: ['uint32_t'],
      }) as ApiBase['GetApi'],
      GetVersionString: functionAt(base, 1, {
        result: 'const char*',
        parameters: [],
      }) as ApiBase['GetVersionString'],
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw unusable(`'${path}' cannot be used: ${reason}`, cause);
  }
}

/**
 * The API version is the minor version of the runtime. It is worked out rather than tried, since a
 * refused version makes the runtime write to standard error.
 */
function negotiateApiVersion(path: string, version: string): number {
  const minor = Number(/^1\.(\d+)\./.exec(version)?.[1] ?? 0);
  const { oldest, newest } = supportedApiVersions;
  if (minor < oldest) {
    throw unusable(
      `'${path}' is version '${version}', and ONNX Runtime 1.${oldest} or later is needed`,
    );
  }
  return Math.min(minor, newest);
}

function readApiTable(table: bigint): OnnxRuntimeApi {
  const rows: Readonly<Record<string, ApiFunction>> = apiTable;
  const functions = Object.entries(rows).map(([name, row]) => [
    name,
    functionAt(table, row.index, row),
  ]);
  return Object.freeze(Object.fromEntries(functions)) as OnnxRuntimeApi;
}

/** The function whose pointer is at a place of a table of pointers. */
function functionAt(
  table: bigint,
  index: number,
  type: { readonly result: string; readonly parameters: readonly string[] },
): unknown {
  const pointer: unknown = koffi.decode(table, index * pointerBytes, 'void*');
  return koffi.decode(pointer, koffi.proto(type.result, [...type.parameters])) as unknown;
}

function unusable(reason: string, cause?: unknown): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `Cannot load ONNX Runtime: ${reason}. Name another library with --onnxruntime-library FILE.`,
    { cause },
  );
}
