import type { Parameters } from '../core/batch.ts';
import type { NamedTensors, TensorSpec } from '../core/tensor.ts';
import type { IndexEntry, LoadOverrides } from '../repository/repository.ts';
import type { ModelStatistics } from '../metrics/model-statistics.ts';
import type { RequestTrace, TraceStart } from '../metrics/request-trace.ts';
import type { TraceSettingTexts } from '../metrics/trace-settings.ts';
import type { TraceSettingValues } from '../metrics/tracing.ts';
import type { LogControl } from './logging.ts';

/** An output a client asks for. */
export interface RequestedOutput {
  readonly name: string;
  /** The number of classes to answer instead of the tensor; 0 for the tensor itself. */
  readonly classificationCount: number;
}

/** A request after its protocol: what every front-end makes and the server answers. */
export interface InferRequest {
  readonly modelName: string;
  /** The text of the version as the client gave it; empty for the server's choice. */
  readonly modelVersion: string;
  readonly id: string;
  readonly inputs: NamedTensors;
  /** Empty for all outputs. */
  readonly outputs: readonly RequestedOutput[];
  /** Parameters for the model; those the protocol reserves are taken out. */
  readonly parameters: Parameters;
  /** 1 is the highest; 0 for the model's default. */
  readonly priority: number;
  /** How long the request may wait for its model, in microseconds; 0 for no limit of its own. */
  readonly timeoutMicroseconds: number;
  /** When the answer must be there, on the server's clock. */
  readonly deadlineMs: number | undefined;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal | undefined;
  /** When the request's last byte was read and decoding began, on the server's clock. */
  readonly receivedMs: number;
  /** Where its stages are noted, when it is traced; the front-end begins and ends it. */
  readonly trace?: RequestTrace | undefined;
}

/** Where the time of a request went, in milliseconds. */
export interface StageTimings {
  readonly queueMs: number;
  readonly batchWaitMs: number;
  readonly inputMs: number;
  readonly inferMs: number;
  readonly outputMs: number;
  readonly cacheHit: boolean;
}

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Parameters;
  /** In the order asked for, or the model's own order. */
  readonly outputs: NamedTensors;
  readonly timings: StageTimings;
}

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** Traces of requests, and the settings of which are taken. */
export interface ServerTracing {
  /** Begins the trace of a request, when one is due. The caller ends it, whatever happens. */
  start(start: TraceStart): RequestTrace | undefined;
  /**
   * The settings by name; of the server when the model is empty.
   * @throws HeadwayError `invalid_argument` for an unknown model.
   */
  settings(model: string): TraceSettingValues;
  /**
   * Changes settings of the server or of a model; all of them or none.
   * @throws HeadwayError `unimplemented` for what only a start can set, `invalid_argument` for an
   * unknown model, an unknown name or a wrong value.
   */
  update(model: string, texts: TraceSettingTexts): TraceSettingValues;
}

/** The use cases, as every protocol sees them. All throw HeadwayError only. */
export interface InferenceServer {
  isLive(): boolean;
  /** Every wanted model is in service, and the server is not draining. */
  isReady(): boolean;
  isModelReady(name: string, version: string): boolean;
  serverMetadata(): ServerMetadata;
  modelMetadata(name: string, version: string): ModelMetadata;
  /** The completed config in Triton's JSON form, enums as names. */
  modelConfig(name: string, version: string): Record<string, unknown>;
  infer(request: InferRequest): Promise<InferResponse>;
  /** Of one model, or of all when the name is empty. */
  statistics(name: string, version: string): readonly ModelStatistics[];
  repositoryIndex(readyOnly: boolean): readonly IndexEntry[];
  loadModel(name: string, overrides: LoadOverrides | undefined): Promise<void>;
  unloadModel(name: string): Promise<void>;
  /** Which lines the server's log holds. */
  readonly logging: LogControl;
  readonly tracing: ServerTracing;
}
