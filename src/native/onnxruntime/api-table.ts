/** An address in native memory. */
export type NativePointer = bigint;

/** What may stand for a `void*`: an address, memory of ours, or NULL. */
type PointerArgument = NativePointer | NodeJS.TypedArray | null;

/** The C types used in the table, and what JavaScript passes or gets for them. */
interface CTypes {
  'void*': PointerArgument;
  'const char*': string;
  /** An array of texts, copied for the call. */
  'const char**': string[];
  int: number;
  size_t: number;
  int64_t: number | bigint;
}

interface CResults {
  /** `OrtStatus*`: NULL when the call succeeded. */
  'void*': NativePointer | null;
  'const char*': string;
  int: number;
  void: undefined;
}

/** One row of the table. */
export interface ApiFunction {
  /** Place of the function's pointer in `struct OrtApi`; the table only ever grows at its end. */
  readonly index: number;
  readonly result: keyof CResults;
  readonly parameters: readonly (keyof CTypes)[];
}

/**
 * The functions of the ONNX Runtime C API that Headway calls.
 * A result of `void*` is an `OrtStatus*`, NULL when the call succeeded.
 * Source: `struct OrtApi` of onnxruntime_c_api.h, API version 16 and later.
 */
export const apiTable = {
  GetErrorCode: { index: 1, result: 'int', parameters: ['void*'] },
  GetErrorMessage: { index: 2, result: 'const char*', parameters: ['void*'] },
  CreateEnv: { index: 3, result: 'void*', parameters: ['int', 'const char*', 'void*'] },
  CreateSession: { index: 7, result: 'void*', parameters: ['void*', 'void*', 'void*', 'void*'] },
  CreateSessionFromArray: {
    index: 8,
    result: 'void*',
    parameters: ['void*', 'void*', 'size_t', 'void*', 'void*'],
  },
  Run: {
    index: 9,
    result: 'void*',
    parameters: ['void*', 'void*', 'void*', 'void*', 'size_t', 'void*', 'size_t', 'void*'],
  },
  CreateSessionOptions: { index: 10, result: 'void*', parameters: ['void*'] },
  SetOptimizedModelFilePath: { index: 11, result: 'void*', parameters: ['void*', 'void*'] },
  SetSessionExecutionMode: { index: 13, result: 'void*', parameters: ['void*', 'int'] },
  EnableProfiling: { index: 14, result: 'void*', parameters: ['void*', 'void*'] },
  EnableMemPattern: { index: 16, result: 'void*', parameters: ['void*'] },
  DisableMemPattern: { index: 17, result: 'void*', parameters: ['void*'] },
  EnableCpuMemArena: { index: 18, result: 'void*', parameters: ['void*'] },
  DisableCpuMemArena: { index: 19, result: 'void*', parameters: ['void*'] },
  SetSessionLogId: { index: 20, result: 'void*', parameters: ['void*', 'const char*'] },
  SetSessionLogSeverityLevel: { index: 22, result: 'void*', parameters: ['void*', 'int'] },
  SetSessionGraphOptimizationLevel: { index: 23, result: 'void*', parameters: ['void*', 'int'] },
  SetIntraOpNumThreads: { index: 24, result: 'void*', parameters: ['void*', 'int'] },
  SetInterOpNumThreads: { index: 25, result: 'void*', parameters: ['void*', 'int'] },
  SessionGetInputCount: { index: 30, result: 'void*', parameters: ['void*', 'void*'] },
  SessionGetOutputCount: { index: 31, result: 'void*', parameters: ['void*', 'void*'] },
  SessionGetOverridableInitializerCount: {
    index: 32,
    result: 'void*',
    parameters: ['void*', 'void*'],
  },
  SessionGetInputTypeInfo: { index: 33, result: 'void*', parameters: ['void*', 'size_t', 'void*'] },
  SessionGetOutputTypeInfo: {
    index: 34,
    result: 'void*',
    parameters: ['void*', 'size_t', 'void*'],
  },
  SessionGetOverridableInitializerTypeInfo: {
    index: 35,
    result: 'void*',
    parameters: ['void*', 'size_t', 'void*'],
  },
  SessionGetInputName: {
    index: 36,
    result: 'void*',
    parameters: ['void*', 'size_t', 'void*', 'void*'],
  },
  SessionGetOutputName: {
    index: 37,
    result: 'void*',
    parameters: ['void*', 'size_t', 'void*', 'void*'],
  },
  SessionGetOverridableInitializerName: {
    index: 38,
    result: 'void*',
    parameters: ['void*', 'size_t', 'void*', 'void*'],
  },
  CreateRunOptions: { index: 39, result: 'void*', parameters: ['void*'] },
  RunOptionsSetTerminate: { index: 46, result: 'void*', parameters: ['void*'] },
  RunOptionsUnsetTerminate: { index: 47, result: 'void*', parameters: ['void*'] },
  CreateTensorAsOrtValue: {
    index: 48,
    result: 'void*',
    parameters: ['void*', 'void*', 'size_t', 'int', 'void*'],
  },
  CreateTensorWithDataAsOrtValue: {
    index: 49,
    result: 'void*',
    parameters: ['void*', 'void*', 'size_t', 'void*', 'size_t', 'int', 'void*'],
  },
  GetTensorMutableData: { index: 51, result: 'void*', parameters: ['void*', 'void*'] },
  GetStringTensorDataLength: { index: 53, result: 'void*', parameters: ['void*', 'void*'] },
  GetStringTensorContent: {
    index: 54,
    result: 'void*',
    parameters: ['void*', 'void*', 'size_t', 'void*', 'size_t'],
  },
  CastTypeInfoToTensorInfo: { index: 55, result: 'void*', parameters: ['void*', 'void*'] },
  GetOnnxTypeFromTypeInfo: { index: 56, result: 'void*', parameters: ['void*', 'void*'] },
  GetTensorElementType: { index: 60, result: 'void*', parameters: ['void*', 'void*'] },
  GetDimensionsCount: { index: 61, result: 'void*', parameters: ['void*', 'void*'] },
  GetDimensions: { index: 62, result: 'void*', parameters: ['void*', 'void*', 'size_t'] },
  GetSymbolicDimensions: { index: 63, result: 'void*', parameters: ['void*', 'void*', 'size_t'] },
  GetTensorTypeAndShape: { index: 65, result: 'void*', parameters: ['void*', 'void*'] },
  CreateCpuMemoryInfo: { index: 69, result: 'void*', parameters: ['int', 'int', 'void*'] },
  AllocatorFree: { index: 76, result: 'void*', parameters: ['void*', 'void*'] },
  GetAllocatorWithDefaultOptions: { index: 78, result: 'void*', parameters: ['void*'] },
  ReleaseEnv: { index: 92, result: 'void', parameters: ['void*'] },
  ReleaseStatus: { index: 93, result: 'void', parameters: ['void*'] },
  ReleaseMemoryInfo: { index: 94, result: 'void', parameters: ['void*'] },
  ReleaseSession: { index: 95, result: 'void', parameters: ['void*'] },
  ReleaseValue: { index: 96, result: 'void', parameters: ['void*'] },
  ReleaseRunOptions: { index: 97, result: 'void', parameters: ['void*'] },
  ReleaseTypeInfo: { index: 98, result: 'void', parameters: ['void*'] },
  ReleaseTensorTypeAndShapeInfo: { index: 99, result: 'void', parameters: ['void*'] },
  ReleaseSessionOptions: { index: 100, result: 'void', parameters: ['void*'] },
  SessionEndProfiling: { index: 110, result: 'void*', parameters: ['void*', 'void*', 'void*'] },
  AddFreeDimensionOverrideByName: {
    index: 124,
    result: 'void*',
    parameters: ['void*', 'const char*', 'int64_t'],
  },
  GetAvailableProviders: { index: 125, result: 'void*', parameters: ['void*', 'void*'] },
  ReleaseAvailableProviders: { index: 126, result: 'void*', parameters: ['void*', 'int'] },
  AddSessionConfigEntry: {
    index: 130,
    result: 'void*',
    parameters: ['void*', 'const char*', 'const char*'],
  },
  SessionOptionsAppendExecutionProvider_TensorRT_V2: {
    index: 170,
    result: 'void*',
    parameters: ['void*', 'void*'],
  },
  CreateTensorRTProviderOptions: { index: 171, result: 'void*', parameters: ['void*'] },
  UpdateTensorRTProviderOptions: {
    index: 172,
    result: 'void*',
    parameters: ['void*', 'const char**', 'const char**', 'size_t'],
  },
  ReleaseTensorRTProviderOptions: { index: 174, result: 'void', parameters: ['void*'] },
  SessionOptionsAppendExecutionProvider_CUDA_V2: {
    index: 204,
    result: 'void*',
    parameters: ['void*', 'void*'],
  },
  CreateCUDAProviderOptions: { index: 205, result: 'void*', parameters: ['void*'] },
  UpdateCUDAProviderOptions: {
    index: 206,
    result: 'void*',
    parameters: ['void*', 'const char**', 'const char**', 'size_t'],
  },
  ReleaseCUDAProviderOptions: { index: 208, result: 'void', parameters: ['void*'] },
  SessionOptionsAppendExecutionProvider: {
    index: 216,
    result: 'void*',
    parameters: ['void*', 'const char*', 'const char**', 'const char**', 'size_t'],
  },
  GetResizedStringTensorElementBuffer: {
    index: 252,
    result: 'void*',
    parameters: ['void*', 'size_t', 'size_t', 'void*'],
  },
  SessionOptionsAppendExecutionProvider_OpenVINO_V2: {
    index: 275,
    result: 'void*',
    parameters: ['void*', 'const char**', 'const char**', 'size_t'],
  },
} as const;

/** The API versions this table is right for: the newest function in it came with 17. */
export const supportedApiVersions = { oldest: 17, newest: 30 } as const;

type Arguments<P extends readonly (keyof CTypes)[]> = { [Index in keyof P]: CTypes[P[Index]] };

type ApiName = keyof typeof apiTable;

type Signature<Name extends ApiName> = (
  ...parameters: Arguments<(typeof apiTable)[Name]['parameters']>
) => CResults[(typeof apiTable)[Name]['result']];

/** A native function: called on this thread, or with `async` on one of libuv's pool. */
export type NativeFunction<F extends (...parameters: never[]) => unknown> = F & {
  async(
    ...parameters: [...Parameters<F>, (error: Error | null, result: ReturnType<F>) => void]
  ): void;
};

/** The functions, ready to call. */
export type OnnxRuntimeApi = { readonly [Name in ApiName]: NativeFunction<Signature<Name>> };
