import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NativePointer, OnnxRuntimeApi } from './api-table.ts';
import { appendExecutionProvider } from './execution-providers.ts';
import { availableProviders, createOnnxRuntimeEnvironment } from './environment.ts';
import { type OnnxRuntimeLibrary, loadOnnxRuntimeLibrary } from './load-library.ts';
import { addressOf, copyToNative, cStringArray } from './pointers.ts';
import { createSessionOptions } from './session-options.ts';

const sessionOptions = 7n;
const providerOptions = 8n;
const failure = 9n;

type Call = readonly [name: string, ...parameters: unknown[]];

/** A library built with these providers, that notes its calls; `refuses` fails. */
function fakeLibrary(
  providers: readonly string[],
  refuses?: string,
): { readonly library: OnnxRuntimeLibrary; readonly calls: readonly Call[] } {
  const names = cStringArray(providers.map((provider) => `${provider}ExecutionProvider`));
  const put = (value: NativePointer, address: NativePointer): void =>
    copyToNative(new Uint8Array(BigUint64Array.of(value).buffer), address);
  const calls: Call[] = [];
  const own = {
    GetAvailableProviders(list: NativePointer, count: Int32Array) {
      put(addressOf(names.addresses), list);
      count[0] = providers.length;
      return null;
    },
    ReleaseAvailableProviders: () => null,
    GetErrorCode: () => 1,
    GetErrorMessage: () => 'device_id 99 is not there.',
    ReleaseStatus: () => undefined,
  };
  const api = new Proxy(own as unknown as OnnxRuntimeApi, {
    get: (target, name: keyof OnnxRuntimeApi) =>
      target[name] ??
      ((...parameters: unknown[]) => {
        const slot = parameters[0];
        if (name.startsWith('Create') && typeof slot === 'bigint') put(providerOptions, slot);
        calls.push(name.startsWith('Create') ? [name] : [name, ...parameters]);
        return name === refuses ? failure : null;
      }),
  });
  return { library: { path: '', version: '1.30.0', apiVersion: 30, api, handle: names }, calls };
}

test('appendExecutionProvider() says what the library has when it lacks the provider', () => {
  const { library, calls } = fakeLibrary(['WebGpu', 'CPU']);
  for (const name of ['cuda', 'tensorrt', 'openvino', 'NoSuch']) {
    assert.throws(() => appendExecutionProvider(library, sessionOptions, { name, options: {} }), {
      code: 'failed_precondition',
      message: `The execution provider '${name}' is not in this ONNX Runtime library (1.30.0), which has WebGpuExecutionProvider, CPUExecutionProvider. Name a library that has it with --onnxruntime-library FILE.`,
    });
  }
  assert.deepEqual(calls, []);
});

test('appendExecutionProvider() tells of the bundled library why a provider cannot be had', async () => {
  const library = loadOnnxRuntimeLibrary(undefined);
  using environment = await createOnnxRuntimeEnvironment(library, 'fatal');
  assert.ok(availableProviders(library).includes('CPUExecutionProvider'));
  // What is listed still needs files of its own, which are not bundled.
  for (const name of ['cuda', 'tensorrt', 'openvino']) {
    const executionProviders = [{ name, options: {} }];
    assert.throws(() => createSessionOptions(environment, { executionProviders }), {
      code: 'failed_precondition',
      message: new RegExp(
        `'${name}'(?: is not in this ONNX Runtime library .*CPUExecutionProvider|: ONNX Runtime says: \\w).*--onnxruntime-library FILE`,
      ),
    });
  }
});

test('appendExecutionProvider() asks nothing of the library for the CPU', () => {
  const { library, calls } = fakeLibrary([]);
  appendExecutionProvider(library, sessionOptions, { name: 'cpu', options: {} });
  assert.deepEqual(calls, []);
});

test('appendExecutionProvider() hands over the options of CUDA and TensorRT as objects', () => {
  for (const [name, listed, family] of [
    ['cuda', 'CUDA', 'CUDA'],
    ['tensorrt', 'Tensorrt', 'TensorRT'],
  ] as const) {
    const { library, calls } = fakeLibrary([listed, 'CPU']);
    const options = { device_id: '1', do_copy: 'x y=z' };
    appendExecutionProvider(library, sessionOptions, { name, options });
    assert.deepEqual(calls, [
      [`Create${family}ProviderOptions`],
      [
        `Update${family}ProviderOptions`,
        providerOptions,
        ['device_id', 'do_copy'],
        ['1', 'x y=z'],
        2,
      ],
      [`SessionOptionsAppendExecutionProvider_${family}_V2`, sessionOptions, providerOptions],
      [`Release${family}ProviderOptions`, providerOptions],
    ]);
  }
});

test('appendExecutionProvider() hands over the options of OpenVINO and others as texts', () => {
  const { library, calls } = fakeLibrary(['OpenVINO', 'XNNPACK', 'CPU']);
  const options = { device_type: 'NPU' };
  appendExecutionProvider(library, sessionOptions, { name: 'openvino', options });
  appendExecutionProvider(library, sessionOptions, { name: 'XNNPACK', options: {} });
  assert.deepEqual(calls, [
    [
      'SessionOptionsAppendExecutionProvider_OpenVINO_V2',
      sessionOptions,
      ['device_type'],
      ['NPU'],
      1,
    ],
    ['SessionOptionsAppendExecutionProvider', sessionOptions, 'XNNPACK', [], [], 0],
  ]);
});

test('appendExecutionProvider() says why a provider cannot be used, and frees its options', () => {
  for (const refuses of [
    'UpdateCUDAProviderOptions',
    'SessionOptionsAppendExecutionProvider_CUDA_V2',
  ]) {
    const { library, calls } = fakeLibrary(['CUDA'], refuses);
    assert.throws(
      () => appendExecutionProvider(library, sessionOptions, { name: 'cuda', options: {} }),
      {
        code: 'failed_precondition',
        message:
          "Cannot use the execution provider 'cuda': ONNX Runtime says: device_id 99 is not there. Name a library whose provider loads here with --onnxruntime-library FILE, or take the provider out of the model's config.",
      },
    );
    assert.deepEqual(calls.at(-1), ['ReleaseCUDAProviderOptions', providerOptions]);
  }
});

test('appendExecutionProvider() takes no option that names code', () => {
  for (const key of [
    'library_path',
    'backend_path',
    'trt_extra_plugin_lib_paths',
    'custom_op_library',
  ]) {
    const { library, calls } = fakeLibrary(['Tensorrt']);
    assert.throws(
      () =>
        appendExecutionProvider(library, sessionOptions, {
          name: 'tensorrt',
          options: { [key]: 'x.so' },
        }),
      { code: 'invalid_argument', message: new RegExp(`'${key}' .* names code to load`) },
    );
    assert.deepEqual(calls, []);
  }
});
