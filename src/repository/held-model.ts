import type { ModelConfig } from '../config/model-config.ts';
import { HeadwayError, invalidArgument, toHeadwayError } from '../core/error.ts';
import type { Logger } from '../core/logger.ts';
import { writeOverrideFiles } from './load-override.ts';
import { type LoadPlan, type ModelLifecycle, createModelLifecycle } from './model-lifecycle.ts';
import { type ConfigText, parseConfigText } from './read-config.ts';
import type { LoadOverrides, OpenVersion, ServedVersion } from './repository.ts';
import { type ScannedModel, fingerprintOf, scanModel } from './scan-model.ts';

/** A model the repository knows of, with its loads and unloads in the order they were asked for. */
export interface HeldModel<V extends ServedVersion> {
  readonly lifecycle: ModelLifecycle<V>;
  /** Whether it is to be in service: the last thing asked for was a load. */
  readonly isWanted: boolean;
  /** Whether the model was ever found: on disk, or in a load request. */
  readonly isKnown: boolean;
  /** Loads what is on disk and wants it from now on, even if that fails. Failures are logged. */
  require(): Promise<void>;
  /**
   * Loads what is on disk, or in the request. A failure leaves the model as wanted as it was.
   * @throws HeadwayError why it failed.
   */
  load(overrides: LoadOverrides | undefined): Promise<void>;
  /** As `require`, if what is on disk is not what was last tried. */
  reloadIfChanged(): Promise<void>;
  unload(): Promise<void>;
}

interface HeldModelParts<V extends ServedVersion> {
  readonly name: string;
  /** Real paths of the repository's roots. */
  readonly roots: readonly string[];
  readonly open: OpenVersion<V>;
  /** Makes the file available that a config names as its `source`, and tells its path. */
  readonly acquireSource: ((source: string) => Promise<string>) | undefined;
  readonly maxQueueSize: number;
  readonly logger: Logger;
}

/** Makes the holder of one model; nothing is loaded yet. */
export function createHeldModel<V extends ServedVersion>(parts: HeldModelParts<V>): HeldModel<V> {
  const { name, roots, logger } = parts;
  const lifecycle = createModelLifecycle({ name, open: parts.open, logger });
  let isWanted = false;
  let isKnown = false;
  /** Identifies what was last tried, whether it could be loaded or not. */
  let attempted: string | undefined;
  let tail: Promise<unknown> = Promise.resolve();

  function inOrder(run: () => Promise<void>): Promise<void> {
    const done = tail.then(run);
    tail = done.catch(() => {});
    return done;
  }

  const parse = (config: ConfigText): Promise<ModelConfig> =>
    parseConfigText(config, {
      modelName: name,
      defaultMaxQueueSize: parts.maxQueueSize,
      warn: (message) => logger.warning(message, { model: name }),
    });

  async function applyPlan(plan: () => Promise<LoadPlan>): Promise<void> {
    try {
      await lifecycle.apply(await plan());
      isWanted = true;
    } catch (thrown) {
      const error = toHeadwayError(thrown);
      lifecycle.fail(error);
      logger.error('A model could not be loaded.', {
        model: name,
        reason: error.message,
        cause: error.cause,
        isOldServing: lifecycle.ready().length > 0,
      });
      throw error;
    }
  }

  async function loadFromDisk(configJson: string | undefined): Promise<void> {
    await applyPlan(async () => {
      const scanned = await scanModel(roots, name);
      isKnown = true;
      attempted = configJson === undefined ? fingerprintOf(scanned) : undefined;
      const text = configJson === undefined ? scanned.config : jsonText(configJson);
      const config = await parse(text);
      if (scanned.versions.size > 0 || config.source === undefined) {
        return { config, versions: scanned.versions };
      }
      return { config, versions: await fromSource(scanned, config.source) };
    });
  }

  /** A model that has no version folder, but says where its file comes from, has a version 1. */
  async function fromSource(scanned: ScannedModel, source: string): Promise<LoadPlan['versions']> {
    if (parts.acquireSource === undefined) {
      throw new HeadwayError(
        'failed_precondition',
        `failed to load '${name}': its config names a source, and this server acquires none; run 'headway pull' and put the file in a version folder.`,
      );
    }
    const path = await parts.acquireSource(source);
    const fingerprint = `${scanned.sharedFingerprint} ${source} ${path}`;
    return new Map([[1, { path, fingerprint, modelFolder: scanned.folder }]]);
  }

  async function loadFromFiles(overrides: LoadOverrides): Promise<void> {
    const { configJson, files } = overrides;
    if (configJson === undefined) {
      throw invalidArgument(
        `failed to load '${name}': files in a load request need a config with them.`,
      );
    }
    const config = await parse(jsonText(configJson));
    await using written = await writeOverrideFiles(name, files);
    isKnown = true;
    attempted = undefined;
    await applyPlan(async () => ({ config, versions: written.versions }));
  }

  async function reloadIfChanged(): Promise<void> {
    const state = await scanModel(roots, name).then(fingerprintOf, (thrown: unknown) =>
      toHeadwayError(thrown),
    );
    const identity = typeof state === 'string' ? state : state.message;
    if (identity === attempted && isWanted) return;
    attempted = identity;
    isWanted = true;
    await loadFromDisk(undefined).catch(() => {});
  }

  return {
    lifecycle,
    get isWanted() {
      return isWanted;
    },
    get isKnown() {
      return isKnown;
    },
    require() {
      isWanted = true;
      return inOrder(() => loadFromDisk(undefined)).catch(() => {});
    },
    load: (overrides) =>
      inOrder(() =>
        overrides !== undefined && overrides.files.size > 0
          ? loadFromFiles(overrides)
          : loadFromDisk(overrides?.configJson),
      ),
    reloadIfChanged: () => inOrder(reloadIfChanged),
    unload: () =>
      inOrder(async () => {
        isWanted = false;
        attempted = undefined;
        await lifecycle.unload();
      }),
  };
}

function jsonText(text: string): ConfigText {
  return { kind: 'json', text };
}
