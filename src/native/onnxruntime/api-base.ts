import { koffi } from '../koffi.ts';
import {
  type ApiFunction,
  type NativePointer,
  type OnnxRuntimeApi,
  apiTable,
  supportedApiVersions,
} from './api-table.ts';

/** What a library says of itself, and its functions. */
export interface ApiOfLibrary {
  /** The runtime's own version, such as `1.30.0`. */
  readonly version: string;
  /** The version of the C API agreed on. */
  readonly apiVersion: number;
  readonly api: OnnxRuntimeApi;
}

const pointerBytes = 8;

/**
 * Agrees on an API version with a library and finds the functions Headway calls.
 * @param base what its `OrtGetApiBase` returned: `struct OrtApiBase` of onnxruntime_c_api.h.
 * @throws RangeError saying what is wrong with the library, to follow its name.
 */
export function readApiBase(base: NativePointer | null): ApiOfLibrary {
  if (base === null) throw new RangeError('its OrtGetApiBase returned nothing');
  const getApi = functionAt(base, 0, { result: 'void*', parameters: ['uint32_t'] });
  const getVersion = functionAt(base, 1, { result: 'const char*', parameters: [] });
  const version = (getVersion as () => string | null)() ?? 'unknown';
  const apiVersion = negotiateApiVersion(version);
  const table = (getApi as (version: number) => NativePointer | null)(apiVersion);
  if (table === null) throw new RangeError(`version ${version} refused API version ${apiVersion}`);
  return { version, apiVersion, api: readApiTable(table) };
}

/**
 * The API version is the minor version of the runtime. It is worked out rather than tried, since a
 * refused version makes the runtime write to standard error.
 */
function negotiateApiVersion(version: string): number {
  const minor = Number(/^1\.(\d+)\./.exec(version)?.[1] ?? 0);
  const { oldest, newest } = supportedApiVersions;
  if (minor >= oldest) return Math.min(minor, newest);
  throw new RangeError(
    `it is version '${version}', and version 1.${oldest} of ONNX Runtime or a later 1.x is needed`,
  );
}

function readApiTable(table: NativePointer): OnnxRuntimeApi {
  const rows: Readonly<Record<string, ApiFunction>> = apiTable;
  const functions = Object.entries(rows).map(([name, row]) => [
    name,
    functionAt(table, row.index, row),
  ]);
  return Object.freeze(Object.fromEntries(functions)) as OnnxRuntimeApi;
}

/** The function whose pointer is at a place of a table of pointers. */
function functionAt(
  table: NativePointer,
  index: number,
  type: { readonly result: string; readonly parameters: readonly string[] },
): unknown {
  const pointer: unknown = koffi.decode(table, index * pointerBytes, 'void*');
  return koffi.decode(pointer, koffi.proto(type.result, [...type.parameters])) as unknown;
}
