import type { BackendInstance, BackendModel } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { holdingMemory } from './borrowed-memory.ts';

/** The instances of one loaded model. Disposing frees them; they must be idle. */
export interface InstancePool extends AsyncDisposable {
  readonly instances: readonly BackendInstance[];
  /**
   * Makes or retires instances until there are as many as the config wants.
   * @param use told the instances from now on; resolves when those no longer named are idle.
   */
  resize(
    config: ModelConfig,
    use: (instances: readonly BackendInstance[]) => Promise<void>,
  ): Promise<void>;
}

/** Makes as many instances of a model as its config wants. */
export async function createInstancePool(
  model: BackendModel,
  config: ModelConfig,
): Promise<InstancePool> {
  let instances: readonly BackendInstance[] = await grow(model, config, []);
  return {
    get instances() {
      return instances;
    },
    async resize(newConfig, use) {
      const before = instances;
      instances = await grow(model, newConfig, before);
      await use(instances);
      const retired = before.filter((instance) => !instances.includes(instance));
      await disposeAll(retired);
    },
    [Symbol.asyncDispose]: () => disposeAll(instances),
  };
}

/** The instances a config asks for: those there are as far as they go, and new ones. */
async function grow(
  model: BackendModel,
  config: ModelConfig,
  existing: readonly BackendInstance[],
): Promise<readonly BackendInstance[]> {
  const count = config.instanceGroups.reduce((sum, group) => sum + group.count, 0);
  const instances = existing.slice(0, count);
  try {
    while (instances.length < count) {
      instances.push(holdingMemory(await model.createInstance(config)));
    }
  } catch (error) {
    await disposeAll(instances.slice(existing.length));
    throw error;
  }
  return instances;
}

async function disposeAll(instances: readonly BackendInstance[]): Promise<void> {
  for (const instance of instances) await instance[Symbol.asyncDispose]();
}
