import type { Parameters } from '../core/batch.ts';
import type {
  IndexEntryAnswer,
  InferAnswer,
  ModelMetadataAnswer,
  ModelStatisticsAnswer,
  ServerMetadataAnswer,
} from './answers.ts';
import type { InputTensor } from './tensor-data.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Which model; the server picks the version when none is given. */
export interface ModelChoice extends CallOptions {
  readonly version?: string | undefined;
}

export interface InferOptions extends ModelChoice {
  readonly model: string;
  readonly inputs: readonly InputTensor[];
  /** Names, or names with the number of classes wanted; all outputs when left out. */
  readonly outputs?: readonly (string | WantedClasses)[] | undefined;
  readonly id?: string | undefined;
  readonly parameters?: Parameters | undefined;
  /** 1 is the highest. */
  readonly priority?: number | undefined;
  /** How long the request may wait for its model. */
  readonly queueTimeoutMicroseconds?: number | undefined;
  /** From sending; a server that cannot keep it refuses at once. */
  readonly deadlineMs?: number | undefined;
  /** Tensors travel as binary data unless this is `json`, which HTTP alone has. */
  readonly encoding?: 'binary' | 'json' | undefined;
  /** Asks for `serverTiming`. */
  readonly timings?: boolean | undefined;
}

export interface WantedClasses {
  readonly name: string;
  readonly classificationCount: number;
}

export interface LoadOptions extends CallOptions {
  /** A whole config in Triton's field names, instead of the one on disk. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Files by `<version>/<name>`; need `config`. */
  readonly files?: ReadonlyMap<string, Uint8Array> | undefined;
}

/**
 * A client of a server that speaks the Open Inference Protocol v2, over HTTP or gRPC. Every failure
 * is a HeadwayError with the server's text; disposing closes the connections.
 */
export interface OipClient extends Disposable {
  isLive(options?: CallOptions): Promise<boolean>;
  isReady(options?: CallOptions): Promise<boolean>;
  isModelReady(model: string, options?: ModelChoice): Promise<boolean>;
  serverMetadata(options?: CallOptions): Promise<ServerMetadataAnswer>;
  modelMetadata(model: string, options?: ModelChoice): Promise<ModelMetadataAnswer>;
  modelConfig(model: string, options?: ModelChoice): Promise<Record<string, unknown>>;
  /** Of one model, or of all without one. */
  statistics(model?: string, options?: ModelChoice): Promise<readonly ModelStatisticsAnswer[]>;
  repositoryIndex(
    options?: CallOptions & { readonly readyOnly?: boolean | undefined },
  ): Promise<readonly IndexEntryAnswer[]>;
  load(model: string, options?: LoadOptions): Promise<void>;
  unload(model: string, options?: CallOptions): Promise<void>;
  infer(options: InferOptions): Promise<InferAnswer>;
}
