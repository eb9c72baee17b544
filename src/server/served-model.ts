import { randomUUID } from 'node:crypto';
import type { ModelSpec } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import type { BatchRequest } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { toHeadwayError } from '../core/error.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';
import { type ModelMetrics, createModelMetrics } from '../metrics/model-metrics.ts';
import type { ModelStatistics } from '../metrics/model-statistics.ts';
import type { ReadModelFiles } from '../repository/model-files.ts';
import type { ServedVersion } from '../repository/repository.ts';
import { createScheduler } from '../scheduler/dispatcher.ts';
import { type ResponseCache, responseCacheKey } from '../scheduler/response-cache.ts';
import type { JobTimings, Scheduler } from '../scheduler/scheduler.ts';
import { deliverOutputs, outputTargetsOf, steadyInputs } from './borrowed-memory.ts';
import { classify } from './classification.ts';
import type { InstancePool } from './instance-pool.ts';
import type {
  InferRequest,
  InferResponse,
  ModelFiles,
  ModelMetadata,
  StageTimings,
} from './interface.ts';
import { createReshaping } from './reshape.ts';
import { createRequestValidator } from './validate.ts';

/** What a version in service is made of. */
export interface ServedModelParts {
  readonly spec: ModelSpec;
  readonly config: ModelConfig;
  /** Freed when the version leaves service. */
  readonly pool: InstancePool;
  readonly readFiles: ReadModelFiles;
  /** Class labels by output. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** `undefined` when the model's responses are not cached. */
  readonly cache: ResponseCache | undefined;
  readonly loadMs: number;
  readonly clock: Clock;
}

/** A model version that answers requests. */
export interface ServedModel extends ServedVersion {
  readonly metadata: Omit<ModelMetadata, 'versions'>;
  readonly metrics: ModelMetrics;
  statistics(): ModelStatistics;
  /** @throws HeadwayError `failed_precondition` when they are no longer those that were loaded. */
  files(): Promise<ModelFiles>;
  /** @throws HeadwayError for a request that does not fit the model, was refused, or failed. */
  infer(request: InferRequest): Promise<InferResponse>;
  /** Lets no request wait for a fuller batch from now on. */
  hasten(): void;
}

/** Puts a loaded model version into service. */
export function createServedModel(parts: ServedModelParts): ServedModel {
  const { spec, pool, clock } = parts;
  let config = parts.config;
  const metrics = createModelMetrics({
    name: spec.name,
    version: spec.version,
    tags: config.metricTags,
    clock,
  });
  metrics.loaded(parts.loadMs);
  const scheduler = createScheduler({
    clock,
    maxBatchSize: config.maxBatchSize ?? 0,
    scheduling: config.scheduling,
    paddedInputNames: new Set(
      config.inputs.filter((input) => input.padValue !== undefined).map((input) => input.name),
    ),
    instances: pool.instances.map((instance) => instance.execute),
    observer: metrics.observer,
  });
  return {
    get config() {
      return config;
    },
    metadata: metadataOf(config),
    metrics,
    statistics: () => metrics.statistics(),
    async files() {
      const files = await parts.readFiles();
      return { name: spec.name, version: String(spec.version), files };
    },
    infer: createInfer({ ...parts, metrics, scheduler }),
    async setInstances(newConfig) {
      await pool.resize(newConfig, (instances) =>
        scheduler.setInstances(instances.map((instance) => instance.execute)),
      );
      config = { ...config, instanceGroups: newConfig.instanceGroups };
    },
    hasten: () => scheduler.hasten(),
    async [Symbol.asyncDispose]() {
      await scheduler.drain();
      await pool[Symbol.asyncDispose]();
    },
  };
}

function metadataOf(config: ModelConfig): ServedModel['metadata'] {
  const isBatched = (config.maxBatchSize ?? 0) > 0;
  const specOf = (tensor: ModelConfig['inputs'][number] | ModelConfig['outputs'][number]) => ({
    name: tensor.name,
    datatype: tensor.datatype,
    shape: isBatched ? [-1, ...tensor.dims] : tensor.dims,
  });
  return {
    name: config.name,
    platform: config.backend === 'onnxruntime' ? 'onnxruntime_onnx' : config.backend,
    inputs: config.inputs.map((input) => ({
      ...specOf(input),
      ...(input.optional && { hasDefault: true }),
    })),
    outputs: config.outputs.map(specOf),
  };
}

interface InferParts extends ServedModelParts {
  readonly metrics: ModelMetrics;
  readonly scheduler: Scheduler;
}

function createInfer(parts: InferParts): ServedModel['infer'] {
  const { spec, config, clock, metrics } = parts;
  const validate = createRequestValidator(config);
  const reshape = createReshaping(config);
  const answer = createAnswer(parts);
  return async (request) => {
    metrics.requestStarted();
    const durationMs = (): number => clock.nowMs() - request.receivedMs;
    try {
      const given = steadyInputs(request);
      const { batchSize, outputNames } = validate({ inputs: given, outputs: request.outputs });
      const { id, parameters, memory, deadlineMs } = request;
      const inputs = reshape.inputs(given);
      const outputTargets = memory && outputTargetsOf(request);
      const job = { id, inputs, outputNames, parameters, deadlineMs, memory, outputTargets };
      const answered = await answer(request, job, batchSize);
      const { timings, cacheLookupMs } = answered;
      const shaped = deliverOutputs(request, reshape.outputs(answered.outputs));
      const outputs = classifyOutputs(parts, request, shaped);
      metrics.requestDone(
        timings === undefined
          ? { kind: 'cached', durationMs: durationMs(), cacheLookupMs: cacheLookupMs ?? 0 }
          : { kind: 'executed', durationMs: durationMs(), timings, cacheLookupMs },
      );
      return {
        modelName: spec.name,
        modelVersion: String(spec.version),
        id,
        parameters: {},
        outputs,
        timings: timings === undefined ? cacheHitTimings : { ...timings, cacheHit: false },
      };
    } catch (thrown) {
      const { code } = toHeadwayError(thrown);
      metrics.requestDone({ kind: 'failed', durationMs: durationMs(), code });
      throw thrown;
    }
  };
}

interface Answer {
  readonly outputs: NamedTensors;
  /** `undefined` when the cache answered. */
  readonly timings: JobTimings | undefined;
  /** `undefined` without a cache. */
  readonly cacheLookupMs?: number;
}

/** Answers from the cache, where the model has one, or by executing. */
function createAnswer(
  parts: InferParts,
): (request: InferRequest, job: BatchRequest, batchSize: number) => Promise<Answer> {
  const { spec, cache, clock, scheduler } = parts;
  // A reload may bring other weights, so entries of the load before must not be found.
  const loadId = randomUUID();
  const execute = (request: InferRequest, job: BatchRequest, batchSize: number) =>
    scheduler.submit({
      request: job,
      batchSize,
      priority: request.priority,
      queueTimeoutMs: request.timeoutMicroseconds / 1000,
      deadlineMs: request.deadlineMs,
      signal: request.signal,
    });
  // A client could change shared inputs after they are looked up, and so answer for others.
  return (request, job, batchSize) =>
    cache === undefined || request.memory !== undefined
      ? execute(request, job, batchSize)
      : lookUp(cache, request, job, batchSize);

  async function lookUp(
    known: ResponseCache,
    request: InferRequest,
    job: BatchRequest,
    batchSize: number,
  ): Promise<Answer> {
    const startMs = clock.nowMs();
    const key = responseCacheKey({
      modelName: spec.name,
      modelVersion: spec.version,
      loadId,
      inputs: job.inputs,
      outputNames: job.outputNames,
      parameters: job.parameters,
    });
    const cached = known.get(key);
    const cacheLookupMs = clock.nowMs() - startMs;
    if (cached !== undefined) return { outputs: cached, timings: undefined, cacheLookupMs };
    const { outputs, timings } = await execute(request, job, batchSize);
    known.put(key, outputs);
    return { outputs, timings, cacheLookupMs };
  }
}

const cacheHitTimings: StageTimings = Object.freeze({
  queueMs: 0,
  batchWaitMs: 0,
  inputMs: 0,
  inferMs: 0,
  outputMs: 0,
  cacheHit: true,
});

/** Replaces the outputs that were asked for as classes. */
function classifyOutputs(
  { config, labels }: ServedModelParts,
  request: InferRequest,
  outputs: NamedTensors,
): NamedTensors {
  if (request.outputs.every((output) => output.classificationCount === 0)) return outputs;
  const answered = new Map<string, Tensor>(outputs);
  for (const { name, classificationCount } of request.outputs) {
    const tensor = outputs.get(name);
    if (tensor === undefined || classificationCount === 0) continue;
    answered.set(
      name,
      classify({
        name,
        tensor,
        count: classificationCount,
        labels: labels.get(name) ?? [],
        isBatched: (config.maxBatchSize ?? 0) > 0,
      }),
    );
  }
  return answered;
}
