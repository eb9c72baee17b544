import type { Parameters } from '../core/batch.ts';
import type { Tensor, TensorSpec } from '../core/tensor.ts';

/** Tensors by name. */
export type TensorRecord = Readonly<Record<string, Tensor>>;

/** What a script takes and gives; -1 is any size, and the first one the batch where there is one. */
export interface ScriptSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** What a script is told before its first request. */
export interface ScriptContext {
  readonly modelName: string;
  readonly version: number;
  /** The version's folder, for files that the script brings along. */
  readonly folder: string;
  /** `parameters` of the model's config. */
  readonly parameters: Readonly<Record<string, string>>;
  /** 0: requests come one at a time. */
  readonly maxBatchSize: number;
  readonly signature: ScriptSignature;
}

/** One request of a batch. */
export interface ScriptRequest {
  readonly id: string;
  /** Checked: they have the datatypes and shapes that the signature promises. */
  readonly inputs: TensorRecord;
  /** The outputs that are wanted; others are dropped. */
  readonly outputNames: readonly string[];
  readonly parameters: Parameters;
}

/** The answer to one request: its outputs by name, or an error, which fails that request alone. */
export type ScriptResponse = TensorRecord | Error;

/** What may be said beside the inputs when another model is called. */
export interface InferOptions {
  /** The server's choice when it is left out. */
  readonly version?: number;
  /** All outputs when it is left out. */
  readonly outputNames?: readonly string[];
  readonly parameters?: Parameters;
}

/** What a script may use while it executes a batch. */
export interface ExecuteContext {
  /**
   * Calls another model of this server, by the batch's own deadline. It waits for its turn like any
   * request.
   * @throws HeadwayError as that model refuses or fails; `failed_precondition` when the call would
   * wait for this script itself.
   */
  infer(model: string, inputs: TensorRecord, options?: InferOptions): Promise<TensorRecord>;
  /** Aborted when nobody waits for the batch any more; the script should then return soon. */
  readonly signal: AbortSignal;
}

/** Called once before the first request; what it throws keeps the model from being loaded. */
export type Initialise = (context: ScriptContext) => void | Promise<void>;

/**
 * Answers a batch: one response per request, in their order. What it throws fails the requests of
 * the batch; an error of `HeadwayError` reaches the client, of others only the log has the text.
 */
export type Execute = (
  requests: readonly ScriptRequest[],
  context: ExecuteContext,
) => readonly ScriptResponse[] | Promise<readonly ScriptResponse[]>;

/** Called once when the model is unloaded; it has five seconds. */
export type Finalise = () => void | Promise<void>;

/** What a script's module exports. */
export interface Script {
  /** What it takes and gives, where the model's config does not say. */
  readonly signature?: ScriptSignature;
  readonly initialise?: Initialise;
  readonly execute: Execute;
  readonly finalise?: Finalise;
}
