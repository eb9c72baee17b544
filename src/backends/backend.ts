import type { Batch, BatchResult } from '../core/batch.ts';
import type { InputSpec, TensorSpec } from '../core/tensor.ts';
import type { ModelConfig } from '../config/model-config.ts';

/** What a model takes and gives, batch dimension included. */
export interface ModelSignature {
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** One version of a model on disk, to be loaded. */
export interface ModelSpec {
  readonly name: string;
  readonly version: number;
  /** The model file or folder, already contained in its repository. */
  readonly path: string;
  /** Folder of the model's labels and warm-up data, where it is not the one above `path`. */
  readonly folder?: string;
  /** Whether its files came over the network: with a load request, or from a source. */
  readonly isFromNetwork?: boolean;
  /** The config as written; inputs, outputs and batch size may still be unknown. */
  readonly config: ModelConfig;
}

/** A loaded model version: its weights, held once however many instances it has. */
export interface BackendModel extends AsyncDisposable {
  readonly signature: ModelSignature;
  /**
   * Whether loading it anew would give the same, as far as its threads and the like are concerned,
   * for a config that differs in its instance groups alone.
   */
  isLoadedFor(config: ModelConfig): boolean;
  /**
   * Makes an instance, cheap in memory beside the weights.
   * @param config the completed config, whose pad values and batch size the instance keeps to.
   */
  createInstance(config: ModelConfig): Promise<BackendInstance>;
}

/** One unit of concurrency: executes one batch at a time. */
export interface BackendInstance extends AsyncDisposable {
  /**
   * Runs one batch; never called again before it has answered. Aborting the signal terminates the
   * run where the runtime can (it then throws `cancelled`). A throw fails every request of the
   * batch. A result that is no promise means the run was done inline.
   * @throws HeadwayError `invalid_argument` when the model refuses the inputs, `internal` when
   * the runtime fails.
   */
  execute(batch: Batch, signal: AbortSignal): BatchResult | Promise<BatchResult>;
}

/** A runtime that can load models. Its instances pass the contract suite beside this file. */
export interface Backend extends AsyncDisposable {
  readonly name: string;
  /**
   * Loads one model version.
   * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for a file that is no
   * model of this backend or a config it cannot honour.
   */
  load(spec: ModelSpec): Promise<BackendModel>;
}
