import type { BackendInstance, ModelSpec } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { warmupInputs } from '../repository/warmup-inputs.ts';
import { createReshaping } from './reshape.ts';

/** A version that is to be warmed up before it serves. */
export interface WarmUp {
  readonly spec: ModelSpec;
  readonly config: ModelConfig;
  readonly instances: readonly BackendInstance[];
}

/**
 * Runs the requests of `model_warmup` on every instance, so that the first client does not pay for
 * what a runtime does at its first run.
 * @throws HeadwayError the failure of a warm-up request: a version that cannot answer it is not put
 * into service.
 */
export async function warmUp({ spec, config, instances }: WarmUp): Promise<void> {
  const { signal } = new AbortController();
  const reshape = createReshaping(config);
  const outputNames = config.outputs.map((output) => output.name);
  for (const warmup of config.warmups) {
    const inputs = reshape.inputs(await warmupInputs(spec, config, warmup));
    const request = { id: warmup.name, inputs, outputNames, parameters: {} };
    for (const instance of instances) {
      for (let run = 0; run < warmup.count; run += 1) {
        const { items } = await instance.execute({ requests: [request] }, signal);
        const [item] = items;
        if (item?.kind === 'failed') throw item.error;
      }
    }
  }
}
