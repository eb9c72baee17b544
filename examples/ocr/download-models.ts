import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createSystemClock } from '../../src/core/clock.ts';
import { acquire } from '../../src/repository/sources/acquire.ts';
import { defaultSourceLimits } from '../../src/repository/sources/fetch-context.ts';
import { parseSourceReference } from '../../src/repository/sources/reference.ts';
import { createModelStore } from '../../src/repository/sources/store/model-store.ts';
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
export function downloadModels(options: DownloadModelsOptions): Promise<PreparedModels> {
  const store = createModelStore(join(options.home, 'models'));
  return prepareModels(options.folder, (text) =>
    acquire(parseSourceReference(text), store, {
      env: process.env,
      homeDirectory: homedir(),
      workingDirectory: process.cwd(),
      trustedOrigins: [],
      limits: defaultSourceLimits,
      clock: createSystemClock(),
      signal: options.signal,
      onProgress: () => {},
      update: false,
    }),
  );
}
