import { realpath, stat } from 'node:fs/promises';
import type { ServerConfig } from '../config/server-config.ts';
import type { CancelTimer, Clock } from '../core/clock.ts';
import { HeadwayError, invalidArgument } from '../core/error.ts';
import type { Logger } from '../core/logger.ts';
import { createConcurrencyLimit } from './limit-concurrency.ts';
import { type HeldModel, createHeldModel } from './held-model.ts';
import { isModelName } from './model-name.ts';
import type { OpenVersion, Repository, ServedVersion } from './repository.ts';
import { listModelNames } from './scan-model.ts';

/** What a repository is made of. */
export interface RepositoryParts<V extends ServedVersion> {
  /** The folders that hold models. Each may be a link; what is in it may not lead out of it. */
  readonly roots: readonly string[];
  readonly control: Pick<ServerConfig, 'modelControlMode' | 'loadModels' | 'repositoryPollMs'>;
  /** Queue limit of models whose config sets none. */
  readonly maxQueueSize: number;
  readonly open: OpenVersion<V>;
  /**
   * Makes the file available that a model's config names as its `source`, and tells its path. It
   * decides which sources are allowed. Without it such models are refused.
   */
  readonly acquireSource?: (source: string) => Promise<string>;
  readonly clock: Clock;
  readonly logger: Logger;
}

// As many as Triton's default; loading is bound by the disk and one thread each.
const maxConcurrentLoads = 4;

/** Makes a repository of the models on disk; nothing is looked at before `start`. */
export function createRepository<V extends ServedVersion>(
  parts: RepositoryParts<V>,
): Repository<V> {
  const { control, clock, logger } = parts;
  const limit = createConcurrencyLimit(maxConcurrentLoads);
  const models = new Map<string, HeldModel<V>>();
  let roots: readonly string[] = [];
  let isStarted = false;
  let isClosed = false;
  let cancelPoll: CancelTimer = () => {};

  function hold(name: string): HeldModel<V> {
    const held = models.get(name);
    if (held !== undefined) return held;
    const { maxQueueSize, acquireSource } = parts;
    const open: OpenVersion<V> = (spec) => limit(() => parts.open(spec));
    const created = createHeldModel({ name, roots, open, acquireSource, maxQueueSize, logger });
    models.set(name, created);
    return created;
  }

  async function poll(): Promise<void> {
    const names = new Set(listModelNames(roots));
    const changes = [...names].map((name) => hold(name).reloadIfChanged());
    const gone = [...models].filter(([name, held]) => held.isWanted && !names.has(name));
    await Promise.all([...changes, ...gone.map(([, held]) => held.unload())]);
  }

  function schedulePoll(): void {
    if (isClosed) return;
    cancelPoll = clock.schedule(control.repositoryPollMs, () => {
      void poll()
        .catch((cause: unknown) => logger.error('The model repository cannot be read.', { cause }))
        .then(schedulePoll);
    });
  }

  function find(name: string): HeldModel<V> {
    const held = models.get(name);
    if (held !== undefined) return held;
    throw notFound(name);
  }

  return {
    async start() {
      roots = await Promise.all(parts.roots.map(resolveRoot));
      await Promise.all(namesAtStart(control, roots).map((name) => hold(name).require()));
      isStarted = true;
      if (control.modelControlMode === 'poll') schedulePoll();
    },
    resolve: (name, version) => find(name).lifecycle.resolve(version),
    versions(name) {
      const ready = find(name).lifecycle.ready();
      if (ready.length === 0) find(name).lifecycle.resolve(undefined);
      return ready.map(({ version }) => version);
    },
    ready: () =>
      [...models].flatMap(([name, held]) =>
        held.lifecycle.ready().map(({ version, served }) => ({ name, version, served })),
      ),
    isReady: () =>
      isStarted &&
      [...models.values()].every((held) => !held.isWanted || held.lifecycle.isInService),
    index(readyOnly) {
      const names = new Set([...models.keys(), ...listModelNames(roots)]);
      const entries = [...names].toSorted().flatMap((name) => {
        const unseen = { name, version: undefined, state: undefined, reason: '' };
        return models.get(name)?.lifecycle.index() ?? [unseen];
      });
      return readyOnly ? entries.filter(({ state }) => state === 'READY') : entries;
    },
    async load(name, overrides) {
      assertExplicit(control);
      if (!isModelName(name))
        throw invalidArgument(`'${name.slice(0, 100)}' is no valid model name.`);
      const isNew = !models.has(name);
      const held = hold(name);
      try {
        await held.load(overrides);
      } catch (error) {
        // A name that no folder has leaves no trace.
        if (isNew && !held.isKnown) models.delete(name);
        throw error;
      }
    },
    async unload(name) {
      assertExplicit(control);
      const held = models.get(name);
      if (held !== undefined) await held.unload();
      else if (!listModelNames(roots).includes(name)) throw notFound(name);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      cancelPoll();
      await Promise.all([...models.values()].map((held) => held.unload()));
    },
  };
}

function namesAtStart(
  control: RepositoryParts<ServedVersion>['control'],
  roots: readonly string[],
): readonly string[] {
  if (control.modelControlMode !== 'explicit') return listModelNames(roots);
  if (!control.loadModels.includes('*')) return [...new Set(control.loadModels)];
  if (control.loadModels.length === 1) return listModelNames(roots);
  throw invalidArgument("'*' must be the only model to load at start if it is given at all.");
}

async function resolveRoot(root: string): Promise<string> {
  const real = await realpath(root).catch(() => undefined);
  if (real !== undefined && (await stat(real)).isDirectory()) return real;
  throw new HeadwayError(
    'failed_precondition',
    `The model repository '${root}' is no folder; name one that exists with --model-repository.`,
  );
}

function assertExplicit(control: RepositoryParts<ServedVersion>['control']): void {
  if (control.modelControlMode === 'explicit') return;
  throw new HeadwayError(
    'unavailable',
    'explicit model load / unload is not allowed if polling is enabled',
  );
}

function notFound(name: string): HeadwayError {
  return new HeadwayError('not_found', `Request for unknown model: '${name}' is not found`);
}
