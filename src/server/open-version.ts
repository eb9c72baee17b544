import { dirname } from 'node:path';
import type { Backend, BackendModel, ModelSpec } from '../backends/backend.ts';
import { completeModelConfig } from '../config/complete-model-config.ts';
import type { ModelConfig } from '../config/model-config.ts';
import type { Clock } from '../core/clock.ts';
import { invalidArgument } from '../core/error.ts';
import type { Logger } from '../core/logger.ts';
import { didYouMean } from '../core/nearest-name.ts';
import type { OpenVersion } from '../repository/repository.ts';
import { readLabels } from '../repository/labels.ts';
import { findModelFiles } from '../repository/model-files.ts';
import type { ResponseCache } from '../scheduler/response-cache.ts';
import { type WarmUpAll, createInstancePool } from './instance-pool.ts';
import { type ServedModel, createServedModel } from './served-model.ts';
import { warmUp } from './warm-up.ts';

export interface OpenVersionParts {
  readonly backends: ReadonlyMap<string, Backend>;
  /** Shared by the models whose config enables it; `undefined` when the server has none. */
  readonly cache: ResponseCache | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes the step from a version on disk to a version in service: load once, complete the config
 * from the model's own signature, make the instances, warm each of them up.
 */
export function createOpenVersion(parts: OpenVersionParts): OpenVersion<ServedModel> {
  return async (spec) => {
    const startMs = parts.clock.nowMs();
    await using loading = new AsyncDisposableStack();
    await using opening = new AsyncDisposableStack();
    const load = (config: ModelConfig): Promise<BackendModel> =>
      backendOf(parts.backends, spec).load({ ...spec, config });
    // Before they are loaded, so that what is changed meanwhile is noticed.
    const readFiles = await findModelFiles(spec);
    const model = loading.use(await load(spec.config));
    const config = completeModelConfig(spec.config, model.signature);
    const warmUpAll: WarmUpAll = (instances) => warmUp({ spec, config, instances });
    const pool = opening.use(await createInstancePool({ model, load, warmUpAll }, config));
    // It is the pool's from here on.
    loading.move();
    const served = createServedModel({
      spec,
      config,
      pool,
      readFiles,
      labels: await readOutputLabels(spec, config),
      cache: config.responseCache ? parts.cache : undefined,
      loadMs: parts.clock.nowMs() - startMs,
      clock: parts.clock,
    });
    opening.move();
    parts.logger.info('A model is in service.', {
      model: spec.name,
      version: spec.version,
      instances: pool.instances.length,
      loadMs: Math.round(parts.clock.nowMs() - startMs),
    });
    return served;
  };
}

function backendOf(backends: ReadonlyMap<string, Backend>, spec: ModelSpec): Backend {
  const name = spec.config.backend;
  const backend = backends.get(name);
  if (backend !== undefined) return backend;
  throw invalidArgument(
    `Model '${spec.name}' wants the backend '${name}', which this server does not have${didYouMean(name, [...backends.keys()])} It has: ${[...backends.keys()].join(', ')}.`,
  );
}

async function readOutputLabels(
  spec: ModelSpec,
  config: ModelConfig,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const labels = new Map<string, readonly string[]>();
  for (const output of config.outputs) {
    if (output.labelFilename === undefined) continue;
    labels.set(
      output.name,
      await readLabels(spec.folder ?? dirname(spec.path), output.labelFilename),
    );
  }
  return labels;
}
