import { HeadwayError } from '../../core/error.ts';
import type { NativePointer, OnnxRuntimeApi } from './api-table.ts';
import { availableProviders } from './environment.ts';
import type { OnnxRuntimeLibrary } from './load-library.ts';
import { createOutSlot } from './pointers.ts';
import type { ExecutionProviderRequest } from './session-options.ts';
import { checkStatus } from './status.ts';

/** Providers by the short names configs use, and how the library lists them. */
const listedNames: Readonly<Record<string, string>> = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  tensorrt: 'TensorrtExecutionProvider',
  openvino: 'OpenVINOExecutionProvider',
};

/**
 * Adds an execution provider to session options. Names other than `cpu`, `cuda`, `tensorrt` and
 * `openvino` go to the runtime as they are (`XNNPACK`, `QNN`, …).
 * @throws HeadwayError `failed_precondition` when the library does not have it, listing what it has.
 */
export function appendExecutionProvider(
  library: OnnxRuntimeLibrary,
  options: NativePointer,
  { name, options: given }: ExecutionProviderRequest,
): void {
  if (name === 'cpu') return;
  const listed = listedNames[name] ?? `${name}ExecutionProvider`;
  const available = availableProviders(library);
  if (!available.some((provider) => provider.toLowerCase() === listed.toLowerCase())) {
    throw new HeadwayError(
      'failed_precondition',
      `The execution provider '${name}' is not in this ONNX Runtime library (${library.version}), which has ${available.join(', ')}. Name a library that has it with --onnxruntime-library FILE.`,
    );
  }
  refuseCode(name, given);
  try {
    append(library.api, options, { name, options: given });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HeadwayError(
      'failed_precondition',
      `Cannot use the execution provider '${name}': ${reason} Name a library whose provider loads here with --onnxruntime-library FILE, or take the provider out of the model's config.`,
      { cause },
    );
  }
}

/** Options come from a model's folder, and no code is taken from there. */
function refuseCode(provider: string, options: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(options)) {
    if (!/plugin|(?:^|_)(?:lib|library|backend)_?path|custom_op/i.test(key)) continue;
    throw new HeadwayError(
      'invalid_argument',
      `The option '${key}' of the execution provider '${provider}' names code to load, which a model's config may not.`,
    );
  }
}

function append(
  api: OnnxRuntimeApi,
  sessionOptions: NativePointer,
  { name, options }: ExecutionProviderRequest,
): void {
  const keys = Object.keys(options);
  const values = Object.values(options);
  const family = providerFamily(api, name);
  const what = 'ONNX Runtime says';
  if (family !== undefined) {
    appendWithOwnOptions({ api, family, sessionOptions, keys, values, what });
  } else if (name === 'openvino') {
    const appendOpenVino = api.SessionOptionsAppendExecutionProvider_OpenVINO_V2;
    checkStatus(api, appendOpenVino(sessionOptions, keys, values, keys.length), what);
  } else {
    const appendNamed = api.SessionOptionsAppendExecutionProvider;
    checkStatus(api, appendNamed(sessionOptions, name, keys, values, keys.length), what);
  }
}

/** The functions of a provider that has an options object of its own. */
interface ProviderFamily {
  readonly create: OnnxRuntimeApi['CreateCUDAProviderOptions'];
  readonly update: OnnxRuntimeApi['UpdateCUDAProviderOptions'];
  readonly append: OnnxRuntimeApi['SessionOptionsAppendExecutionProvider_CUDA_V2'];
  readonly release: OnnxRuntimeApi['ReleaseCUDAProviderOptions'];
}

function providerFamily(api: OnnxRuntimeApi, name: string): ProviderFamily | undefined {
  if (name === 'cuda') {
    return {
      create: api.CreateCUDAProviderOptions,
      update: api.UpdateCUDAProviderOptions,
      append: api.SessionOptionsAppendExecutionProvider_CUDA_V2,
      release: api.ReleaseCUDAProviderOptions,
    };
  }
  if (name === 'tensorrt') {
    return {
      create: api.CreateTensorRTProviderOptions,
      update: api.UpdateTensorRTProviderOptions,
      append: api.SessionOptionsAppendExecutionProvider_TensorRT_V2,
      release: api.ReleaseTensorRTProviderOptions,
    };
  }
  return undefined;
}

function appendWithOwnOptions(call: {
  readonly api: OnnxRuntimeApi;
  readonly family: ProviderFamily;
  readonly sessionOptions: NativePointer;
  readonly keys: string[];
  readonly values: string[];
  readonly what: string;
}): void {
  const { api, family, sessionOptions, keys, values, what } = call;
  const slot = createOutSlot();
  checkStatus(api, family.create(slot.address), what);
  const providerOptions = slot.take();
  try {
    checkStatus(api, family.update(providerOptions, keys, values, keys.length), what);
    checkStatus(api, family.append(sessionOptions, providerOptions), what);
  } finally {
    family.release(providerOptions);
  }
}
