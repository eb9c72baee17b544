import assert from 'node:assert/strict';
import type { BackendInstance, ModelSpec } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import type { BatchItem, BatchRequest, BatchResult } from '../core/batch.ts';
import type { Shape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { dynamicBatching } from './queued-request.ts';

/** A config that says nothing but the size of a batch, for models whose signature says the rest. */
export function plainModelConfig(overrides: Partial<ModelConfig> = {}): ModelConfig {
  return {
    name: 'model',
    backend: 'onnxruntime',
    maxBatchSize: 8,
    inputs: [],
    outputs: [],
    versionPolicy: { kind: 'latest', count: 1 },
    instanceGroups: [{ name: 'model', count: 1, kind: 'cpu', gpus: [] }],
    scheduling: dynamicBatching(),
    responseCache: false,
    warmups: [],
    defaultModelFilename: undefined,
    graphLevel: 0,
    executionProviders: [],
    parameters: {},
    metricTags: {},
    source: undefined,
    ...overrides,
  };
}

/** The spec of version 1 of a model in a folder. */
export function plainModelSpec(path: string, config: ModelConfig = plainModelConfig()): ModelSpec {
  return { name: config.name, version: 1, path, config };
}

/** A request with these inputs for these outputs. */
export function requestOf(
  inputs: Readonly<Record<string, Tensor>>,
  ...outputNames: readonly string[]
): BatchRequest {
  return { id: '', inputs: new Map(Object.entries(inputs)), outputNames, parameters: {} };
}

/** A FP32 tensor of these values. */
export function floats(shape: Shape, values: Iterable<number>): Tensor {
  return { datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** Runs requests as one batch, with a signal that nobody aborts. */
export async function run(
  instance: BackendInstance,
  ...requests: readonly BatchRequest[]
): Promise<BatchResult> {
  return instance.execute({ requests }, new AbortController().signal);
}

/** One output of an item that must be done. */
export function outputOf(item: BatchItem | undefined, name: string): Tensor {
  if (item?.kind !== 'done') throw item?.error ?? new TypeError('there is no such item');
  const tensor = item.outputs.get(name);
  assert.ok(tensor !== undefined, `the answer lacks '${name}'`);
  return tensor;
}
