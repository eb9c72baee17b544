import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BackendInstance } from '../backends/backend.ts';
import { floats, plainModelConfig, plainModelSpec, requestOf, run } from './backend-runs.ts';
import { createScriptBackend } from '../backends/script/script-backend.ts';
import { type Clock, createSystemClock } from '../core/clock.ts';
import { type Logger, silentLogger } from '../core/logger.ts';

/** What scripts of tests begin with: `y` is `x`, unless what the first request asks is another. */
const preamble = `export const signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
};
const what = (requests) => new Float32Array(requests[0].inputs.x.data.slice().buffer)[0];
const echo = (requests) => requests.map(({ inputs: { x } }) => ({ y: x }));`;

/** One instance of a script, in its process. */
export interface LoadedScript extends AsyncDisposable {
  readonly instance: BackendInstance;
  readonly file: string;
  /** Asks with one number; answers `done`, or the error's code and text. */
  ask(value: number): Promise<string>;
}

interface LoadedScriptOptions {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** Loads a script, whose text may use `what(requests)` and `echo(requests)`. */
export async function loadScript(
  script: string,
  { parameters = {}, clock = createSystemClock(), logger = silentLogger }: LoadedScriptOptions = {},
): Promise<LoadedScript> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-script-'));
  owned.defer(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'model.js');
  await writeFile(file, `${preamble}\n${script}`);
  const backend = createScriptBackend({
    isAllowed: true,
    mainPath: path.join(import.meta.dirname, '../backends/script/process/main.ts'),
    callModel: () => Promise.reject(new TypeError('there is no other model')),
    clock,
    logger,
  });
  const config = plainModelConfig({ parameters, maxBatchSize: 8 });
  const model = owned.use(await backend.load(plainModelSpec(folder, config)));
  const instance = owned.use(await model.createInstance(config));
  const resources = owned.move();
  return {
    instance,
    file,
    async ask(value) {
      const { items } = await run(instance, requestOf({ x: floats([1], [value]) }, 'y'));
      const [item] = items;
      return item?.kind === 'failed' ? `${item.error.code}: ${item.error.message}` : 'done';
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
