import type { HeadwayError } from './error.ts';
import type { NamedTensors } from './tensor.ts';

/** A value a client may attach to a request or an output. */
export type ParameterValue = string | number | bigint | boolean;

export type Parameters = Readonly<Record<string, ParameterValue>>;

/** Memory that tensors of a request lie in and that is not ours, such as a client's. */
export interface BorrowedMemory {
  /** Keeps the memory where it is until the returned function is called. */
  hold(): () => void;
}

/** One request as a backend sees it. */
export interface BatchRequest {
  readonly id: string;
  readonly inputs: NamedTensors;
  /** The outputs wanted, each one declared by the model; never empty. */
  readonly outputNames: readonly string[];
  readonly parameters: Parameters;
  /** When the answer must be there, on the clock; absent for no deadline. */
  readonly deadlineMs?: number | undefined;
  /** Held by whoever executes the request, however early its client gives up; absent for none. */
  readonly memory?: BorrowedMemory | undefined;
  /**
   * By output, where its bytes are wanted. A backend may have them written there at once where the
   * length is exactly theirs; otherwise the server copies them.
   */
  readonly outputTargets?: ReadonlyMap<string, Uint8Array> | undefined;
}

/**
 * Requests to run together. Several of them have equal input names and datatypes, and shapes that
 * differ in the first dimension only (or in padded dimensions, where the model config declares a
 * pad value). They are joined along the first dimension and split again by it.
 */
export interface Batch {
  readonly requests: readonly BatchRequest[];
}

export type BatchItem =
  | { readonly kind: 'done'; readonly outputs: NamedTensors }
  | { readonly kind: 'failed'; readonly error: HeadwayError };

/** How long the parts of one execution took, in milliseconds. */
export interface ExecutionTimings {
  /** Gathering the inputs. */
  readonly inputMs: number;
  /** The model itself. */
  readonly inferMs: number;
  /** Splitting the outputs. */
  readonly outputMs: number;
}

export interface BatchResult {
  /** One item per request, in the order of the requests. */
  readonly items: readonly BatchItem[];
  readonly timings: ExecutionTimings;
}

/**
 * Runs one batch on one instance; never called again before it has answered. Aborting the signal
 * terminates the run where the runtime can. A throw fails every request of the batch. A result
 * that is no promise means the run was done inline.
 */
export type ExecuteBatch = (
  batch: Batch,
  signal: AbortSignal,
) => BatchResult | Promise<BatchResult>;
