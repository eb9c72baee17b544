import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createProgress, formatBytes } from '../../src/cli/progress.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { acquire } from '../../src/repository/sources/acquire.ts';
import { defaultSourceLimits } from '../../src/repository/sources/fetch-context.ts';
import { parseSourceReference } from '../../src/repository/sources/reference.ts';
import { createModelStore } from '../../src/repository/sources/model-store/model-store.ts';
import { type PreparedModels, prepareModels } from './prepare-models.ts';

/** Where things go, and when to give up. */
export interface DownloadModelsOptions {
  /** Headway's home folder, with the store of models. */
  readonly home: string;
  /** The example's own folder. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Makes the models of the example available; the network is needed for the first time only. */
export async function downloadModels(options: DownloadModelsOptions): Promise<PreparedModels> {
  const store = createModelStore(join(options.home, 'models'));
  const clock = createSystemClock();
  const { env, stderr: stream } = process;
  const progress = createProgress({ stream, env, clock, formatAmount: formatBytes });
  try {
    return await prepareModels(options.folder, (name, text) =>
      acquire(parseSourceReference(text), store, {
        env,
        homeDirectory: homedir(),
        workingDirectory: process.cwd(),
        trustedOrigins: [],
        limits: defaultSourceLimits,
        clock,
        signal: options.signal,
        onProgress: ({ step, doneBytes, totalBytes }) =>
          progress.update(`  ${step} ${name}`, doneBytes, totalBytes),
        update: false,
      }),
    );
  } finally {
    progress.finish();
  }
}
