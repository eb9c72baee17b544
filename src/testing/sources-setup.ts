import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AcquireOptions, acquire } from '../repository/sources/acquire.ts';
import { defaultSourceLimits } from '../repository/sources/fetch-context.ts';
import {
  type ModelStore,
  createModelStore,
} from '../repository/sources/model-store/model-store.ts';
import { type SourceReference, parseSourceReference } from '../repository/sources/reference.ts';
import { type LoopbackServer, answerFile, startLoopbackServer } from './loopback-server.ts';
import { type ManualClock, createManualClock } from './manual-clock.ts';

/** What the sites of tests offer as a model file. */
export const weights: Buffer = randomBytes(100_000);
/** In hex. */
export const sha256Of = (data: Uint8Array): string =>
  createHash('sha256').update(data).digest('hex');
export const weightsSha256: string = sha256Of(weights);

/** What a server offers, by path; a function answers for itself. */
export type Site = Record<
  string,
  Uint8Array | ((request: IncomingMessage, response: ServerResponse) => void)
>;

/** A server with a site, an empty store, and `acquire` with both. */
export interface SourcesSetup extends AsyncDisposable {
  readonly server: LoopbackServer;
  readonly origin: string;
  readonly directory: string;
  readonly storeDirectory: string;
  readonly store: ModelStore;
  readonly clock: ManualClock;
  readonly options: AcquireOptions;
  setSite(next: Site): void;
  /** Acquires what a reference or its text names, with other options where they are given. */
  get(
    reference: SourceReference | string,
    changes?: Partial<AcquireOptions>,
  ): ReturnType<typeof acquire>;
}

/** A server that is every registry at once, an empty store, and `acquire` with both. */
export async function setUpSources(makeSite: (origin: string) => Site): Promise<SourcesSetup> {
  const resources = new AsyncDisposableStack();
  let site: Site = {};
  const server = resources.use(
    await startLoopbackServer((request, response) => {
      const found = site[request.url ?? ''];
      if (typeof found === 'function') found(request, response);
      else if (found === undefined) response.writeHead(404).end();
      else answerFile(request, response, { data: found, etag: `"${sha256Of(found)}"` });
    }),
  );
  const { origin } = server;
  site = makeSite(origin);
  const directory = await mkdtemp(join(tmpdir(), 'headway-'));
  resources.defer(() => rm(directory, { recursive: true }));
  const clock = createManualClock();
  const storeDirectory = join(directory, 'models');
  const options: AcquireOptions = {
    env: {
      npm_config_registry: `${origin}/npm/`,
      PIP_INDEX_URL: `${origin}/pypi`,
      PIP_CONFIG_FILE: '/dev/null',
      HF_ENDPOINT: `${origin}/hub/`,
      HF_TOKEN: 'secret',
    },
    homeDirectory: directory,
    workingDirectory: directory,
    trustedOrigins: [origin],
    limits: { ...defaultSourceLimits, retryDelayMs: 0 },
    clock,
    signal: new AbortController().signal,
    onProgress: () => {},
    update: false,
  };
  const store = createModelStore(storeDirectory);
  return {
    server,
    origin,
    directory,
    storeDirectory,
    store,
    clock,
    options,
    setSite(next) {
      site = next;
    },
    get: (reference, changes = {}) =>
      acquire(typeof reference === 'string' ? parseSourceReference(reference) : reference, store, {
        ...options,
        ...changes,
      }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
