import { HeadwayError } from '../../core/error.ts';
import type { NativePointer, OnnxRuntimeApi } from './api-table.ts';
import { availableProviders } from './environment.ts';
import type { OnnxRuntimeLibrary } from './load-library.ts';
import { createOutSlot, cStringArray } from './pointers.ts';
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
  if (!available.includes(listed)) {
    throw new HeadwayError(
      'failed_precondition',
      `The execution provider '${name}' is not in this ONNX Runtime library (${library.version}), which has ${available.join(', ')}. Name a library that has it with --onnxruntime-library FILE.`,
    );
  }
  const { api } = library;
  const what = `Cannot use the execution provider '${name}'`;
  const keys = cStringArray(Object.keys(given));
  const values = cStringArray(Object.values(given));
  const count = keys.addresses.length;
  const family = providerFamily(api, name);
  if (family !== undefined) {
    appendWithOwnOptions({
      api,
      family,
      options,
      keys: keys.addresses,
      values: values.addresses,
      what,
    });
  } else if (name === 'openvino') {
    const append = api.SessionOptionsAppendExecutionProvider_OpenVINO_V2;
    checkStatus(api, append(options, keys.addresses, values.addresses, count), what);
  } else {
    const append = api.SessionOptionsAppendExecutionProvider;
    checkStatus(api, append(options, name, keys.addresses, values.addresses, count), what);
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
  readonly options: NativePointer;
  readonly keys: BigUint64Array;
  readonly values: BigUint64Array;
  readonly what: string;
}): void {
  const { api, family, options, keys, values, what } = call;
  const slot = createOutSlot();
  checkStatus(api, family.create(slot.address), what);
  const providerOptions = slot.take();
  try {
    checkStatus(api, family.update(providerOptions, keys, values, keys.length), what);
    checkStatus(api, family.append(options, providerOptions), what);
  } finally {
    family.release(providerOptions);
  }
}
