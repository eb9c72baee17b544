import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Batch, BatchItem, BatchResult } from '../../core/batch.ts';
import type { ModelConfig } from '../../config/model-config.ts';
import { HeadwayError, toHeadwayError } from '../../core/error.ts';
import type { NamedTensors } from '../../core/tensor.ts';
import type {
  Backend,
  BackendInstance,
  BackendModel,
  ModelSignature,
  ModelSpec,
} from '../backend.ts';

/** A model as the fake backend knows it. */
export interface FakeModel {
  readonly signature: ModelSignature;
  /**
   * The outputs of one request.
   * @throws anything, which fails that request.
   */
  compute(inputs: NamedTensors): NamedTensors;
  /** Whether what was loaded for one config is right for another; it always is when not given. */
  isLoadedFor?(loaded: ModelConfig, wanted: ModelConfig): boolean;
}

export interface FakeBackendOptions {
  readonly name?: string;
  /** The model a spec means; `undefined` for one that is missing. */
  readonly find: (spec: ModelSpec) => FakeModel | undefined;
}

/** A backend that runs functions, lets its user decide when runs end, and tells what it ran. */
export interface FakeBackend extends Backend {
  /** Batches that were begun, in their order. */
  readonly batches: readonly Batch[];
  /** Models and instances that are not disposed of yet. */
  readonly modelCount: number;
  readonly instanceCount: number;
  /** Batches that are held back now. */
  readonly heldCount: number;
  /** From now on runs wait, until they are let go or their signal is aborted. */
  hold(): void;
  /** Lets the runs that are held back go on, and holds back no more. */
  release(): void;
}

/** Creates a fake backend; its runs end on the next turn of the event loop unless held. */
export function createFakeBackend({ name = 'fake', find }: FakeBackendOptions): FakeBackend {
  const batches: Batch[] = [];
  const held = new Set<() => void>();
  const counts = { models: 0, instances: 0 };
  let isHolding = false;

  const wait = async (signal: AbortSignal): Promise<void> => {
    if (!isHolding) return nextTurn();
    const { promise, resolve } = Promise.withResolvers<void>();
    held.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    held.delete(resolve);
  };

  const load = async (spec: ModelSpec): Promise<BackendModel> => {
    const model = find(spec);
    if (model === undefined) {
      throw new HeadwayError('not_found', `There is no model '${spec.name}'.`);
    }
    counts.models += 1;
    const begin = (batch: Batch, signal: AbortSignal): Promise<void> => {
      batches.push(batch);
      return wait(signal);
    };
    return {
      signature: model.signature,
      isLoadedFor: (config) => model.isLoadedFor?.(spec.config, config) ?? true,
      async createInstance() {
        counts.instances += 1;
        return createFakeInstance(model, begin, () => {
          counts.instances -= 1;
        });
      },
      async [Symbol.asyncDispose]() {
        counts.models -= 1;
      },
    };
  };

  return {
    name,
    load,
    batches,
    get modelCount() {
      return counts.models;
    },
    get instanceCount() {
      return counts.instances;
    },
    get heldCount() {
      return held.size;
    },
    hold() {
      isHolding = true;
    },
    release() {
      isHolding = false;
      for (const resolve of held) resolve();
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** @param begin told each batch; resolves when its run may end. */
function createFakeInstance(
  model: FakeModel,
  begin: (batch: Batch, signal: AbortSignal) => Promise<void>,
  dispose: () => void,
): BackendInstance {
  let isBusy = false;
  return {
    async execute(batch, signal): Promise<BatchResult> {
      if (isBusy) throw new TypeError('an instance executes one batch at a time');
      throwIfAborted(signal);
      isBusy = true;
      try {
        await begin(batch, signal);
        throwIfAborted(signal);
      } finally {
        isBusy = false;
      }
      const items = batch.requests.map(({ inputs, outputNames }) =>
        answer(() => wanted(model.compute(inputs), outputNames)),
      );
      return { items, timings: { inputMs: 0, inferMs: 0, outputMs: 0 } };
    },
    async [Symbol.asyncDispose]() {
      dispose();
    },
  };
}

function answer(compute: () => NamedTensors): BatchItem {
  try {
    return { kind: 'done', outputs: compute() };
  } catch (error) {
    return { kind: 'failed', error: toHeadwayError(error) };
  }
}

function wanted(outputs: NamedTensors, names: readonly string[]): NamedTensors {
  return new Map([...outputs].filter(([name]) => names.includes(name)));
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new HeadwayError('cancelled', 'The run was cancelled.');
}
