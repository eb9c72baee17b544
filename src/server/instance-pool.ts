import { isDeepStrictEqual } from 'node:util';
import type { BackendInstance, BackendModel } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { HeadwayError } from '../core/error.ts';
import { holdingMemory } from './borrowed-memory.ts';

/** Readies instances for their first batch. @throws HeadwayError when one cannot answer. */
export type WarmUpAll = (instances: readonly BackendInstance[]) => Promise<void>;

export interface InstancePoolParts {
  /** The loaded model; the pool's own once it is made. */
  readonly model: BackendModel;
  /** Loads the same version for another config. */
  readonly load: (config: ModelConfig) => Promise<BackendModel>;
  readonly warmUpAll: WarmUpAll;
}

/** A loaded model and its instances. Disposing frees them; those in use must be idle. */
export interface InstancePool extends AsyncDisposable {
  readonly instances: readonly BackendInstance[];
  /**
   * Makes or retires instances until there are as many as the config wants. Where the model is not
   * loaded for so many, it is loaded again behind the old one, and all of them are replaced. What
   * is not needed any more is freed when it is idle, which is not waited for.
   * @param use told the instances from now on; resolves when those no longer named are idle.
   * @throws HeadwayError when new ones cannot be made or warmed up: those there were stay.
   */
  resize(
    config: ModelConfig,
    use: (instances: readonly BackendInstance[]) => Promise<void>,
  ): Promise<void>;
}

/** Makes as many instances of a model as its config wants, each of them warmed up. */
export async function createInstancePool(
  parts: InstancePoolParts,
  config: ModelConfig,
): Promise<InstancePool> {
  const { warmUpAll } = parts;
  let held: Held = await grow({ model: parts.model, instances: [] }, config, warmUpAll);
  const leaving = new Set<Promise<void>>();
  return {
    get instances() {
      return held.instances;
    },
    async resize(newConfig, use) {
      const before = held;
      const after = before.model.isLoadedFor(newConfig)
        ? await grow(before, newConfig, warmUpAll)
        : await loadAgain(before.model, newConfig, parts);
      held = after;
      const left = use(after.instances).then(() => freeReplaced(before, after));
      leaving.add(left);
      // Whoever frees the pool is told of a failure.
      left.then(
        () => leaving.delete(left),
        () => {},
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(leaving);
      await disposeAll(held.instances);
      await held.model[Symbol.asyncDispose]();
    },
  };
}

/** A loaded model with the instances made of it. */
interface Held {
  readonly model: BackendModel;
  readonly instances: readonly BackendInstance[];
}

/** The instances a config asks for: those there are as far as they go, and new ones. */
async function grow(
  { model, instances: existing }: Held,
  config: ModelConfig,
  warmUpAll: WarmUpAll,
): Promise<Held> {
  const count = config.instanceGroups.reduce((sum, group) => sum + group.count, 0);
  const added: BackendInstance[] = [];
  try {
    while (existing.length + added.length < count) {
      added.push(holdingMemory(await model.createInstance(config)));
    }
    if (added.length > 0) await warmUpAll(added);
  } catch (error) {
    await disposeAll(added);
    throw error;
  }
  return { model, instances: [...existing.slice(0, count), ...added] };
}

/** The same model loaded for another config, with instances of its own. */
async function loadAgain(
  before: BackendModel,
  config: ModelConfig,
  { load, warmUpAll }: InstancePoolParts,
): Promise<Held> {
  await using loading = new AsyncDisposableStack();
  const model = loading.use(await load(config));
  if (!isDeepStrictEqual(model.signature, before.signature)) {
    throw new HeadwayError(
      'aborted',
      `The files of model '${config.name}' changed while its instances were being changed; load it once more.`,
    );
  }
  const held = await grow({ model, instances: [] }, config, warmUpAll);
  loading.move();
  return held;
}

async function freeReplaced(before: Held, { model, instances }: Held): Promise<void> {
  await disposeAll(before.instances.filter((instance) => !instances.includes(instance)));
  if (before.model !== model) await before.model[Symbol.asyncDispose]();
}

async function disposeAll(instances: readonly BackendInstance[]): Promise<void> {
  for (const instance of instances) await instance[Symbol.asyncDispose]();
}
