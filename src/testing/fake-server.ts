import { HeadwayError } from '../core/error.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';
import { encodeBytesElements } from '../core/tensor.ts';
import type { LoadOverrides } from '../repository/repository.ts';
import type { SharedMemoryMapper } from '../native/shared-memory.ts';
import { createSharedMemoryRegistry } from '../server/shared-memory.ts';
import type {
  InferRequest,
  InferResponse,
  InferenceServer,
  ModelMetadata,
  StageTimings,
} from '../server/interface.ts';
import { createLogControl } from '../server/logging.ts';
import { createUntraced } from './untraced.ts';

export const fakeTimings: StageTimings = Object.freeze({
  queueMs: 1,
  batchWaitMs: 0.5,
  inputMs: 0.25,
  inferMs: 2,
  outputMs: 0.125,
  cacheHit: false,
});

/** An InferenceServer for tests of protocols, and what was asked of it. */
export interface FakeServer extends InferenceServer {
  readonly requests: InferRequest[];
  readonly loads: { readonly name: string; readonly overrides: LoadOverrides | undefined }[];
  readonly unloads: string[];
}

/**
 * A server with one model, `echo` version 1, that answers its inputs as outputs of the same names;
 * a classified output is answered by one BYTES element a class.
 * @param overrides replace single use cases.
 */
export function createFakeServer(overrides: Partial<InferenceServer> = {}): FakeServer {
  const requests: InferRequest[] = [];
  const loads: FakeServer['loads'] = [];
  const unloads: string[] = [];
  return {
    requests,
    loads,
    unloads,
    isLive: () => true,
    isReady: () => true,
    isModelReady: (name) => name === 'echo',
    serverMetadata: () => ({ name: 'headway', version: '0.0.0', extensions: ['statistics'] }),
    modelMetadata: (name, version) => echoMetadata(assertEcho(name, version)),
    modelConfig: (name, version) => ({ name: assertEcho(name, version), max_batch_size: 8 }),
    async modelFiles(name, version) {
      const file = { path: '1/model.onnx', sizeBytes: 5, sha256: 'ab'.repeat(32) };
      return { name: assertEcho(name, version), version: '1', files: [file] };
    },
    async infer(request) {
      requests.push(request);
      assertEcho(request.modelName, request.modelVersion);
      return echo(request);
    },
    statistics: (name, version) => [statisticsOf(name === '' ? 'echo' : assertEcho(name, version))],
    repositoryIndex: (readyOnly) => [
      { name: 'echo', version: 1, state: 'READY', reason: '' },
      ...(readyOnly ? [] : [{ name: 'idle', version: undefined, state: undefined, reason: '' }]),
    ],
    async loadModel(name, given) {
      loads.push({ name, overrides: given });
    },
    async unloadModel(name) {
      unloads.push(name);
    },
    sharedMemory: createSharedMemoryRegistry({ isAllowed: false, mapper: noMapper }),
    logging: createLogControl('info'),
    tracing: createUntraced(),
    ...overrides,
  };
}

const noMapper: SharedMemoryMapper = { map: () => undefined };

function assertEcho(name: string, version: string): string {
  if (name === 'echo' && (version === '' || version === '1')) return name;
  throw new HeadwayError('not_found', `Request for unknown model: '${name}' is not found`);
}

function echoMetadata(name: string): ModelMetadata {
  const spec = { name: 'x', datatype: 'FP32', shape: [-1, -1] } as const;
  return { name, versions: ['1'], platform: 'fake', inputs: [spec], outputs: [spec] };
}

function echo(request: InferRequest): InferResponse {
  const { id, inputs, outputs: wanted } = request;
  const answers: [string, Tensor][] = wanted.map((output) => {
    const tensor = inputs.get(output.name);
    if (tensor === undefined) {
      throw new HeadwayError('invalid_argument', `unexpected inference output '${output.name}'`);
    }
    return [
      output.name,
      output.classificationCount > 0 ? classify(output.classificationCount) : tensor,
    ];
  });
  const outputs: NamedTensors = answers.length === 0 ? inputs : new Map(answers);
  return {
    modelName: 'echo',
    modelVersion: '1',
    id,
    parameters: {},
    outputs,
    timings: fakeTimings,
  };
}

function classify(count: number): Tensor {
  const texts = Array.from({ length: count }, (_, rank) => Buffer.from(`0.500000:${rank}`));
  return { datatype: 'BYTES', shape: [count], data: encodeBytesElements(texts) };
}

function statisticsOf(name: string): ReturnType<InferenceServer['statistics']>[number] {
  const duration = { count: 2, totalMs: 1.5 };
  return {
    name,
    version: 1,
    lastInferenceEpochMs: 1_700_000_000_000,
    inferenceCount: 2,
    executionCount: 1,
    success: duration,
    fail: { count: 0, totalMs: 0 },
    queue: duration,
    computeInput: duration,
    computeInfer: duration,
    computeOutput: duration,
    cacheHit: { count: 0, totalMs: 0 },
    cacheMiss: { count: 0, totalMs: 0 },
    batches: [
      { batchSize: 2, computeInput: duration, computeInfer: duration, computeOutput: duration },
    ],
  };
}
