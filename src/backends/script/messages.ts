import type { Parameters } from '../../core/batch.ts';
import type { ErrorCode } from '../../core/error.ts';
import type { NamedTensors } from '../../core/tensor.ts';
import type { ScriptContext } from '../../script/script.ts';

/** A request of a batch on its way to a script. */
export interface SentRequest {
  readonly id: string;
  readonly inputs: NamedTensors;
  readonly outputNames: readonly string[];
  readonly parameters: Parameters;
}

/** A script as it was when its version was loaded. */
export interface ScriptSource {
  readonly file: string;
  readonly text: string;
}

/** What a script's process is asked, one thing at a time; each is answered by one `reply`. */
export type Question =
  /** Imports the script; the answer's value is its signature, or `undefined`. */
  | ({ readonly kind: 'load' } & ScriptSource)
  | { readonly kind: 'initialise'; readonly context: ScriptContext }
  /** The answer's value is a list of `SentResponse`. */
  | { readonly kind: 'execute'; readonly requests: readonly SentRequest[] }
  | { readonly kind: 'finalise' };

/** Everything that is sent to a script's process. */
export type ToScript =
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  /** Nobody waits any more for the answer to what was asked last. */
  | { readonly kind: 'abort' }
  | {
      readonly kind: 'answer';
      readonly callId: number;
      readonly outcome: Outcome<NamedTensors>;
    };

/** Everything that comes from a script's process. It may be wrong in any way. */
export type FromScript =
  | { readonly kind: 'reply'; readonly id: number; readonly outcome: Outcome<unknown> }
  | { readonly kind: 'call'; readonly callId: number; readonly call: SentCall };

/** A script's call of another model. */
export interface SentCall {
  readonly model: string;
  readonly version: number | undefined;
  readonly inputs: NamedTensors;
  readonly outputNames: readonly string[];
  readonly parameters: Parameters;
}

export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: SentError };

/** The answer to one request. */
export type SentResponse = Outcome<NamedTensors>;

/** An error between processes. */
export interface SentError {
  /** `undefined` for anything but a HeadwayError; its message is then for the log only. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string;
}
