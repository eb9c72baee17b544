import type { ModelSpec } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';

/** A model version in service, as the repository holds it. Disposing waits for requests in flight. */
export interface ServedVersion extends AsyncDisposable {
  /** The completed config. */
  readonly config: ModelConfig;
  /** Applies a config that differs in its instance groups alone; those retired may still run. */
  setInstances(config: ModelConfig): Promise<void>;
}

/** Brings a version into service: load, complete the config, warm up. */
export type OpenVersion<V extends ServedVersion> = (spec: ModelSpec) => Promise<V>;

export type ModelState = 'READY' | 'UNAVAILABLE' | 'LOADING' | 'UNLOADING';

export interface IndexEntry {
  readonly name: string;
  /** `undefined` when no version was ever loaded. */
  readonly version: number | undefined;
  readonly state: ModelState | undefined;
  readonly reason: string;
}

/** What a load request may bring to replace what is on disk until the next load. */
export interface LoadOverrides {
  /** A whole config, as JSON in Triton's field names. */
  readonly configJson: string | undefined;
  /** Files by `<version>/<name>`; need `configJson`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The models on disk and which of their versions are in service. */
export interface Repository<V extends ServedVersion> extends AsyncDisposable {
  /** Finds the models and loads what the control mode asks for. A model that fails is logged and shown in the index. */
  start(): Promise<void>;
  /**
   * The version that serves a name; the newest ready one when no version is given.
   * @throws HeadwayError `not_found` for an unknown model or version, `unavailable` for one that
   * is not ready, both with Triton's texts; `unimplemented` for a model whose config asks for what
   * is not built, naming it.
   */
  resolve(name: string, version: number | undefined): V;
  /** Ready versions of a model, ascending. @throws as `resolve`. */
  versions(name: string): readonly number[];
  /** Every ready version. */
  ready(): readonly { readonly name: string; readonly version: number; readonly served: V }[];
  /** Whether every model that is wanted is in service. */
  isReady(): boolean;
  index(readyOnly: boolean): readonly IndexEntry[];
  /** @throws HeadwayError `unavailable` under a control mode that refuses, or with the reason the load failed. */
  load(name: string, overrides: LoadOverrides | undefined): Promise<void>;
  unload(name: string): Promise<void>;
}
