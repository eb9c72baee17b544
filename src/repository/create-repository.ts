import { realpath, stat } from 'node:fs/promises';
import type { ServerConfig } from '../config/server-config.ts';
import type { CancelTimer, Clock } from '../core/clock.ts';
import { HeadwayError, invalidArgument } from '../core/error.ts';
import type { Logger } from '../core/logger.ts';
import { createConcurrencyLimit } from './limit-concurrency.ts';
import { HeldModel } from './held-model.ts';
import { assertModelName } from './model-name.ts';
import type {
  IndexEntry,
  LoadOverrides,
  OpenVersion,
  Repository,
  ServedVersion,
} from './repository.ts';
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
  return new DiskRepository(parts);
}

class DiskRepository<V extends ServedVersion> implements Repository<V> {
  readonly #parts: RepositoryParts<V>;
  readonly #models = new Map<string, HeldModel<V>>();
  readonly #limit = createConcurrencyLimit(maxConcurrentLoads);
  #roots: readonly string[] = [];
  #isStarted = false;
  #isClosed = false;
  #cancelPoll: CancelTimer = () => {};

  constructor(parts: RepositoryParts<V>) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { roots, control } = this.#parts;
    this.#roots = await Promise.all(roots.map(resolveRoot));
    if (this.#isClosed) return;
    const names = namesAtStart(control, this.#roots);
    await Promise.all(names.map((name) => this.#hold(name).require()));
    this.#isStarted = true;
    if (control.modelControlMode === 'poll') this.#schedulePoll();
  }

  resolve(name: string, version: number | undefined): V {
    return this.#find(name).lifecycle.resolve(version);
  }

  versions(name: string): readonly number[] {
    const { lifecycle } = this.#find(name);
    const ready = lifecycle.ready();
    // None is an error, and resolving says which.
    if (ready.length === 0) lifecycle.resolve(undefined);
    return ready.map(({ version }) => version);
  }

  ready(): readonly { readonly name: string; readonly version: number; readonly served: V }[] {
    return [...this.#models].flatMap(([name, { lifecycle }]) =>
      lifecycle.ready().map(({ version, served }) => ({ name, version, served })),
    );
  }

  isReady(): boolean {
    const held = [...this.#models.values()];
    return this.#isStarted && held.every((model) => !model.isWanted || model.lifecycle.isInService);
  }

  index(readyOnly: boolean): readonly IndexEntry[] {
    const names = new Set([...this.#models.keys(), ...listModelNames(this.#roots)]);
    const entries = [...names].toSorted().flatMap((name) => {
      const unseen = { name, version: undefined, state: undefined, reason: '' };
      return this.#models.get(name)?.lifecycle.index() ?? [unseen];
    });
    return readyOnly ? entries.filter(({ state }) => state === 'READY') : entries;
  }

  async load(name: string, overrides: LoadOverrides | undefined): Promise<void> {
    assertExplicit(this.#parts.control);
    if (this.#isClosed) throw new HeadwayError('unavailable', 'the server is stopping');
    assertModelName(name);
    const isNew = !this.#models.has(name);
    const held = this.#hold(name);
    try {
      await held.load(overrides);
    } catch (error) {
      // A name that no folder has leaves no trace.
      if (isNew && !held.isKnown) this.#models.delete(name);
      throw error;
    }
  }

  async unload(name: string): Promise<void> {
    assertExplicit(this.#parts.control);
    const held = this.#models.get(name);
    if (held !== undefined) await held.unload();
    else if (!listModelNames(this.#roots).includes(name)) throw notFound(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelPoll();
    await Promise.all([...this.#models.values()].map((held) => held.unload()));
  }

  #find(name: string): HeldModel<V> {
    const held = this.#models.get(name);
    if (held !== undefined) return held;
    throw notFound(name);
  }

  #hold(name: string): HeldModel<V> {
    const held = this.#models.get(name);
    if (held !== undefined) return held;
    const { maxQueueSize, acquireSource, logger } = this.#parts;
    const open: OpenVersion<V> = (spec) => this.#limit(() => this.#parts.open(spec));
    const roots = this.#roots;
    const created = new HeldModel({ name, roots, open, acquireSource, maxQueueSize, logger });
    this.#models.set(name, created);
    return created;
  }

  async #poll(): Promise<void> {
    const names = new Set(listModelNames(this.#roots));
    const changes = [...names].map((name) => this.#hold(name).reloadIfChanged());
    const gone = [...this.#models].filter(([name, held]) => held.isWanted && !names.has(name));
    await Promise.all([...changes, ...gone.map(([, held]) => held.unload())]);
  }

  #schedulePoll(): void {
    if (this.#isClosed) return;
    const { clock, control, logger } = this.#parts;
    this.#cancelPoll = clock.schedule(control.repositoryPollMs, () => {
      void this.#poll()
        .catch((cause: unknown) => logger.error('The model repository cannot be read.', { cause }))
        .then(() => this.#schedulePoll());
    });
  }
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
