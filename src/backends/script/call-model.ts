import type { Parameters } from '../../core/batch.ts';
import type { NamedTensors } from '../../core/tensor.ts';

/** A model's call of another one, while it executes a batch. */
export interface ModelCall {
  /** The model that calls. */
  readonly caller: string;
  readonly model: string;
  /** `undefined` for the server's choice. */
  readonly version: number | undefined;
  /** Not checked yet. */
  readonly inputs: NamedTensors;
  /** Empty for all outputs. */
  readonly outputNames: readonly string[];
  readonly parameters: Parameters;
  /** When the answer must be there, on the clock; `undefined` for no deadline. */
  readonly deadlineMs: number | undefined;
  /** Aborted when the caller does not wait any more. */
  readonly signal: AbortSignal;
}

/** Has another model of the server answer. @throws HeadwayError as it refuses or fails. */
export type CallModel = (call: ModelCall) => Promise<NamedTensors>;
