import { isDeepStrictEqual } from 'node:util';
import type { ModelSpec } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { HeadwayError, toHeadwayError } from '../core/error.ts';
import type { Logger } from '../core/logger.ts';
import type { IndexEntry, ModelState, OpenVersion, ServedVersion } from './repository.ts';
import type { ScannedVersion } from './scan-model.ts';
import { selectVersions } from './version-policy.ts';

/** What is to be served of a model: its config as written, and the versions there are. */
export interface LoadPlan {
  readonly config: ModelConfig;
  readonly versions: ReadonlyMap<number, ScannedVersion>;
}

type Slot<V> =
  | { readonly kind: 'loading' }
  | ReadySlot<V>
  | { readonly kind: 'unloading' }
  | { readonly kind: 'unavailable'; readonly reason: string };

interface ReadySlot<V> {
  readonly kind: 'ready';
  readonly served: V;
  /** The config as written, and the state of the files, that it was loaded from. */
  readonly config: ModelConfig;
  readonly fingerprint: string;
}

const stateNames = {
  loading: 'LOADING',
  ready: 'READY',
  unloading: 'UNLOADING',
  unavailable: 'UNAVAILABLE',
} as const satisfies Record<Slot<unknown>['kind'], ModelState>;

/** One model's versions and their states. Calls that change it must not overlap. */
export class ModelLifecycle<V extends ServedVersion> {
  readonly #name: string;
  readonly #open: OpenVersion<V>;
  readonly #logger: Logger;
  readonly #slots = new Map<number, Slot<V>>();
  /** The ends of versions whose last requests are being answered. */
  readonly #retiring = new Set<Promise<void>>();
  #newest: V | undefined;
  #failure: HeadwayError | undefined;
  #wasInService = false;

  constructor(parts: {
    readonly name: string;
    readonly open: OpenVersion<V>;
    readonly logger: Logger;
  }) {
    this.#name = parts.name;
    this.#open = parts.open;
    this.#logger = parts.logger;
  }

  /** @throws HeadwayError with Triton's texts; see `Repository`. */
  resolve(version: number | undefined): V {
    if (version === undefined) {
      if (this.#newest !== undefined) return this.#newest;
      throw this.#unsupported() ?? noVersions(this.#name, this.#slots);
    }
    const slot = this.#slots.get(version);
    if (slot?.kind === 'ready') return slot.served;
    throw this.#unsupported() ?? notReady(this.#name, version, slot !== undefined);
  }

  /** Names what the config asks for and is not built, when that is why there is no version. */
  #unsupported(): HeadwayError | undefined {
    if (this.#slots.size > 0 || this.#failure?.code !== 'unimplemented') return undefined;
    const { message } = this.#failure;
    return new HeadwayError('unimplemented', `${withoutVersions(this.#name)}: ${message}`);
  }

  /** Ready versions, ascending. */
  ready(): readonly { readonly version: number; readonly served: V }[] {
    return readySlots(this.#slots).map(([version, { served }]) => ({ version, served }));
  }

  /** Whether what was wanted is served; a reload that failed leaves the old version in service. */
  get isInService(): boolean {
    return this.#wasInService && this.#newest !== undefined;
  }

  index(): readonly IndexEntry[] {
    return indexOf(this.#name, this.#slots, this.#failure);
  }

  /**
   * Brings the versions of the plan into service that its policy selects, and takes the others out
   * of it once all of those are ready. A version that is served already is left alone if nothing of
   * it changed, and replaced when its successor is ready.
   * @throws HeadwayError why versions failed; what was served before still is.
   */
  async apply(plan: LoadPlan): Promise<void> {
    const wanted = selectVersions(plan.config.versionPolicy, plan.versions.keys());
    if (wanted.length === 0) {
      throw new HeadwayError(
        'not_found',
        `failed to load '${this.#name}', no version is available: expected a folder named 1, 2, … that the version policy selects`,
      );
    }
    throwFailures(
      await Promise.allSettled(wanted.map((version) => this.#bringIntoService(version, plan))),
    );
    this.#failure = undefined;
    this.#wasInService = true;
    for (const [version, slot] of readySlots(this.#slots)) {
      if (!wanted.includes(version)) void this.#takeOut(version, slot);
    }
  }

  /** Remembers why the model could not be loaded, for an index without versions. */
  fail(error: HeadwayError): void {
    this.#failure = error;
  }

  /** Takes every version out of service; resolves when their requests in flight are answered. */
  async unload(): Promise<void> {
    this.#failure = undefined;
    this.#wasInService = false;
    await Promise.all(
      readySlots(this.#slots).map(([version, slot]) => this.#takeOut(version, slot)),
    );
    await Promise.all(this.#retiring);
    for (const version of this.#slots.keys()) {
      this.#setSlot(version, { kind: 'unavailable', reason: 'unloaded' });
    }
  }

  #setSlot(version: number, slot: Slot<V>): void {
    this.#slots.set(version, slot);
    this.#newest = readySlots(this.#slots).at(-1)?.[1].served;
  }

  async #bringIntoService(version: number, plan: LoadPlan): Promise<void> {
    const { config, versions } = plan;
    const found = versions.get(version);
    if (found === undefined) throw new RangeError(`version ${version} is not in the plan`);
    const previous = this.#slots.get(version);
    const old = previous?.kind === 'ready' ? previous : undefined;
    if (old === undefined) this.#setSlot(version, { kind: 'loading' });
    try {
      if (old !== undefined && (await adaptInPlace(old, config, found.fingerprint))) {
        this.#setSlot(version, { ...old, config });
        return;
      }
      const served = await this.#open(toSpec(this.#name, version, { found, config }));
      const { fingerprint } = found;
      this.#setSlot(version, { kind: 'ready', served, config, fingerprint });
      if (old !== undefined) void this.#retire(old.served);
    } catch (thrown) {
      const error = toHeadwayError(thrown);
      if (old === undefined) {
        this.#setSlot(version, { kind: 'unavailable', reason: error.message });
      }
      const message = `failed to load '${this.#name}' version ${version}: ${error.message}`;
      throw new HeadwayError(error.code, message, { cause: thrown });
    }
  }

  /** Resolves when requests in flight on it are answered; never rejects. */
  #retire(served: V): Promise<void> {
    const done = Promise.resolve(served[Symbol.asyncDispose]())
      .catch((cause: unknown) => {
        this.#logger.error('A model version could not be freed.', { model: this.#name, cause });
      })
      .finally(() => this.#retiring.delete(done));
    this.#retiring.add(done);
    return done;
  }

  async #takeOut(version: number, { served }: ReadySlot<V>): Promise<void> {
    this.#setSlot(version, { kind: 'unloading' });
    await this.#retire(served);
    // A load of this version may have begun while its last requests were finishing.
    if (this.#slots.get(version)?.kind === 'unloading') {
      this.#setSlot(version, { kind: 'unavailable', reason: 'unloaded' });
    }
  }
}

/** Whether a served version fits a new config as it is, or after its instances were changed. */
async function adaptInPlace<V extends ServedVersion>(
  old: ReadySlot<V>,
  config: ModelConfig,
  fingerprint: string,
): Promise<boolean> {
  const { instanceGroups } = config;
  if (fingerprint !== old.fingerprint) return false;
  if (!isDeepStrictEqual({ ...old.config, instanceGroups }, config)) return false;
  if (!isDeepStrictEqual(old.config.instanceGroups, instanceGroups)) {
    await old.served.setInstances({ ...old.served.config, instanceGroups });
  }
  return true;
}

function toSpec(
  name: string,
  version: number,
  { found, config }: { readonly found: ScannedVersion; readonly config: ModelConfig },
): ModelSpec {
  const { path, modelFolder, isFromNetwork = false } = found;
  const folder = modelFolder === undefined ? {} : { folder: modelFolder };
  return { name, version, path, config, isFromNetwork, ...folder };
}

function throwFailures(outcomes: readonly PromiseSettledResult<void>[]): void {
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [toHeadwayError(outcome.reason)] : [],
  );
  const [first, second] = failures;
  if (first === undefined) return;
  if (second === undefined) throw first;
  const messages = failures.map(({ message }) => message).join('; ');
  throw new HeadwayError(first.code, messages, { cause: first });
}

function readySlots<V>(
  slots: ReadonlyMap<number, Slot<V>>,
): readonly (readonly [number, ReadySlot<V>])[] {
  const found: (readonly [number, ReadySlot<V>])[] = [];
  for (const [version, slot] of slots) if (slot.kind === 'ready') found.push([version, slot]);
  return found.toSorted(([a], [b]) => a - b);
}

function indexOf(
  name: string,
  slots: ReadonlyMap<number, Slot<unknown>>,
  failure: HeadwayError | undefined,
): readonly IndexEntry[] {
  if (slots.size === 0) {
    const state = failure === undefined ? undefined : 'UNAVAILABLE';
    return [{ name, version: undefined, state, reason: failure?.message ?? '' }];
  }
  return [...slots]
    .toSorted(([a], [b]) => a - b)
    .map(([version, slot]) => ({
      name,
      version,
      state: stateNames[slot.kind],
      reason: slot.kind === 'unavailable' ? slot.reason : '',
    }));
}

function noVersions(name: string, slots: ReadonlyMap<number, Slot<unknown>>): HeadwayError {
  const isLoading = [...slots.values()].some(({ kind }) => kind === 'loading');
  return new HeadwayError(isLoading ? 'unavailable' : 'not_found', withoutVersions(name));
}

function withoutVersions(name: string): string {
  return `Request for unknown model: '${name}' has no available versions`;
}

function notReady(name: string, version: number, isKnown: boolean): HeadwayError {
  return new HeadwayError(
    isKnown ? 'unavailable' : 'not_found',
    `Request for unknown model: '${name}' version ${version} is not ${isKnown ? 'at ready state' : 'found'}`,
  );
}
