import type { NamedTensors } from '../../core/tensor.ts';
import type { LoadClientOptions } from '../clients/load-client-options.ts';
import type { OpenAiLoadClientOptions } from '../clients/openai-client.ts';
import type { Tolerance } from '../expected/compare-tensors.ts';
import type { PreparedRequest } from '../inputs/prepared-request.ts';
import type { LoadProgress } from '../engine/load-frame.ts';
import type { ClosedLoop } from '../run-load.ts';
import type { LoadRun, Schedule } from '../samples.ts';

/** What the answers of the Open Inference Protocol are held against. */
export interface ExpectedOutputs {
  /** Of the requests in turn; of one without any, the form of the answer is looked at. */
  readonly outputs: readonly NamedTensors[];
  readonly tolerance: Tolerance;
}

type Unchecked<Options extends LoadClientOptions> = Omit<Options, 'clock' | 'requests'> & {
  readonly requests: readonly PreparedRequest[];
};

/** A client that a generator process makes for itself. What is sent to a process holds no functions. */
export type ClientPlan = (
  | {
      readonly protocol: 'http' | 'grpc';
      readonly options: Unchecked<LoadClientOptions>;
      readonly expected?: ExpectedOutputs | undefined;
    }
  | { readonly protocol: 'openai'; readonly options: Unchecked<OpenAiLoadClientOptions> }
) & {
  /** Requests that are sent at once as one query; 1 when left out. */
  readonly samplesPerQuery?: number | undefined;
};

/** What a generator process sends. */
export type PlannedLoad =
  | { readonly kind: 'open'; readonly schedule: Schedule }
  | { readonly kind: 'closed'; readonly loop: ClosedLoop };

/** What a generator process is told. */
export type ToGenerator =
  | { readonly kind: 'connect'; readonly client: ClientPlan }
  | {
      readonly kind: 'run';
      readonly load: PlannedLoad;
      readonly drainMs: number | undefined;
      /** `undefined` when nobody wants to know how the run stands. */
      readonly tickMs: number | undefined;
      /** When it begins, in milliseconds on the system's monotonic clock, which processes share. */
      readonly startAtMs: number;
    }
  | { readonly kind: 'stop' };

/** What a generator process says. */
export type FromGenerator =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'tick'; readonly progress: LoadProgress }
  | { readonly kind: 'done'; readonly run: LoadRun };
