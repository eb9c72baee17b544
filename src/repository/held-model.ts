import type { ModelConfig } from '../config/model-config.ts';
import { HeadwayError, invalidArgument, toHeadwayError } from '../core/error.ts';
import type { Logger } from '../core/logger.ts';
import { detectBackend } from './detect-backend.ts';
import { writeOverrideFiles } from './load-override.ts';
import { type LoadPlan, ModelLifecycle } from './model-lifecycle.ts';
import { type ConfigText, parseConfigText } from './read-config.ts';
import type { LoadOverrides, OpenVersion, ServedVersion } from './repository.ts';
import { type ScannedModel, fingerprintOf, scanModel } from './scan-model.ts';

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

/** A model the repository knows of, with its loads and unloads in the order they were asked for. */
export class HeldModel<V extends ServedVersion> {
  readonly lifecycle: ModelLifecycle<V>;
  readonly #parts: HeldModelParts<V>;
  #isWanted = false;
  #isKnown = false;
  /** Identifies what was last tried, whether it could be loaded or not. */
  #attempted: string | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(parts: HeldModelParts<V>) {
    this.#parts = parts;
    this.lifecycle = new ModelLifecycle(parts);
  }

  /** Whether it is to be in service: the last thing asked for was a load. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Whether the model was ever found: on disk, or in a load request. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Loads what is on disk and wants it from now on, even if that fails. Failures are logged. */
  require(): Promise<void> {
    this.#isWanted = true;
    return this.#inOrder(() => this.#loadFromDisk(undefined)).catch(() => {});
  }

  /**
   * Loads what is on disk, or in the request. A failure leaves the model as wanted as it was.
   * @throws HeadwayError why it failed.
   */
  async load(overrides: LoadOverrides | undefined): Promise<void> {
    try {
      await this.#inOrder(() =>
        overrides !== undefined && overrides.files.size > 0
          ? this.#loadFromFiles(overrides)
          : this.#loadFromDisk(overrides?.configJson),
      );
    } catch (thrown) {
      throw failedToLoad(this.#parts.name, toHeadwayError(thrown));
    }
  }

  /** As `require`, if what is on disk is not what was last tried. */
  reloadIfChanged(): Promise<void> {
    return this.#inOrder(async () => {
      const { roots, name } = this.#parts;
      const identity = await scanModel(roots, name).then(
        fingerprintOf,
        (thrown: unknown) => toHeadwayError(thrown).message,
      );
      if (identity === this.#attempted && this.#isWanted) return;
      this.#attempted = identity;
      this.#isWanted = true;
      await this.#loadFromDisk(undefined).catch(() => {});
    });
  }

  /** Takes it out of service; resolves when its requests in flight are answered. */
  unload(): Promise<void> {
    return this.#inOrder(async () => {
      this.#isWanted = false;
      this.#attempted = undefined;
      await this.lifecycle.unload();
    });
  }

  #inOrder(run: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(run);
    this.#tail = done.catch(() => {});
    return done;
  }

  #parse(config: ConfigText, defaultBackend?: string): Promise<ModelConfig> {
    const { name, maxQueueSize, logger } = this.#parts;
    return parseConfigText(config, {
      modelName: name,
      defaultMaxQueueSize: maxQueueSize,
      defaultBackend,
      warn: (message) => logger.warning(message, { model: name }),
    });
  }

  async #applyPlan(plan: () => Promise<LoadPlan>): Promise<void> {
    try {
      await this.lifecycle.apply(await plan());
      this.#isWanted = true;
    } catch (thrown) {
      const error = toHeadwayError(thrown);
      this.lifecycle.fail(error);
      this.#logFailure(error);
      throw error;
    }
  }

  #logFailure(error: HeadwayError): void {
    const { logger, name: model } = this.#parts;
    const { message: reason, cause } = error;
    const isOldServing = this.lifecycle.ready().length > 0;
    // A server that stops cancels what it has not begun, which is no failure.
    const level = error.code === 'cancelled' ? 'verbose' : 'error';
    logger[level]('A model could not be loaded.', {
      model,
      reason,
      ...(cause === undefined ? {} : { cause }),
      isOldServing,
    });
  }

  async #loadFromDisk(configJson: string | undefined): Promise<void> {
    await this.#applyPlan(async () => {
      const scanned = await scanModel(this.#parts.roots, this.#parts.name);
      this.#isKnown = true;
      this.#attempted = configJson === undefined ? fingerprintOf(scanned) : undefined;
      const text = configJson === undefined ? scanned.config : jsonText(configJson);
      const config = await this.#parse(text, await detectBackend(scanned));
      if (scanned.versions.size > 0 || config.source === undefined) {
        return { config, versions: scanned.versions };
      }
      return { config, versions: await this.#fromSource(scanned, config.source) };
    });
  }

  /** A model that has no version folder, but says where its file comes from, has a version 1. */
  async #fromSource(scanned: ScannedModel, source: string): Promise<LoadPlan['versions']> {
    const { acquireSource, name } = this.#parts;
    if (acquireSource === undefined) {
      throw new HeadwayError(
        'failed_precondition',
        `failed to load '${name}': its config names a source, and this server acquires none; run 'headway pull' and put the file in a version folder.`,
      );
    }
    const path = await acquireSource(source);
    const fingerprint = `${scanned.sharedFingerprint} ${source} ${path}`;
    const modelFolder = scanned.folder;
    return new Map([[1, { path, fingerprint, modelFolder, isFromNetwork: true }]]);
  }

  async #loadFromFiles({ configJson, files }: LoadOverrides): Promise<void> {
    const { name } = this.#parts;
    if (configJson === undefined) {
      throw invalidArgument(
        `failed to load '${name}': files in a load request need a config with them.`,
      );
    }
    const config = await this.#parse(jsonText(configJson));
    await using written = await writeOverrideFiles(name, files);
    this.#isKnown = true;
    this.#attempted = undefined;
    await this.#applyPlan(async () => ({ config, versions: written.versions }));
  }
}

function jsonText(text: string): ConfigText {
  return { kind: 'json', text };
}

/** Begins the error of a load request as Triton's clients expect it. */
function failedToLoad(name: string, error: HeadwayError): HeadwayError {
  const start = `failed to load '${name}'`;
  if (error.message.startsWith(start)) return error;
  const cause = error.cause ?? error;
  return new HeadwayError(error.code, `${start}, ${error.message}`, { cause });
}
