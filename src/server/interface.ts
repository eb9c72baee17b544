import type { BorrowedMemory, Parameters } from '../core/batch.ts';
import type { InputSpec, NamedTensors, TensorSpec } from '../core/tensor.ts';
import type { ModelFile } from '../repository/model-files.ts';
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
  /**
   * Where the client wants the bytes, in memory it shares; the answer's tensor is then the part of
   * it that was written. Absent for an answer in the message.
   */
  readonly target?: Uint8Array | undefined;
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
  /** What inputs and targets in shared memory were borrowed with; absent when there are none. */
  readonly memory?: SharedMemoryLease | undefined;
}

/** A part of a shared memory object, under a name that clients give it. */
export interface SharedMemoryRegion {
  readonly name: string;
  /** The object's own name. */
  readonly key: string;
  readonly offsetBytes: number;
  readonly byteLength: number;
}

/** A region as a client wants it; sizes exact, whatever they are. */
export interface SharedMemoryRegistration {
  readonly name: string;
  readonly key: string;
  readonly offsetBytes: number | bigint;
  readonly byteLength: number | bigint;
}

/** A part of a region, as a request names it. */
export interface SharedMemoryReference {
  readonly region: string;
  readonly offsetBytes: number | bigint;
  readonly byteLength: number | bigint;
}

/** The regions one request uses. They stay mapped until it is released and nothing runs on them. */
export interface SharedMemoryLease extends BorrowedMemory {
  /**
   * The bytes a request names: a view, which the client may change at any time.
   * @throws HeadwayError `not_found` for a region that is not registered, `invalid_argument` for
   * bytes outside it.
   */
  borrow(reference: SharedMemoryReference): Uint8Array;
  /** To be called once, when the request is answered or has failed. */
  release(): void;
}

/** Shared memory of clients on this machine. */
export interface SharedMemoryRegistry {
  /** @throws HeadwayError `unimplemented` when clients may not share memory, or as it is refused. */
  register(registration: SharedMemoryRegistration): void;
  /** A region in use goes when the last request that uses it has ended; an unknown one is none. */
  unregister(name: string): void;
  unregisterAll(): void;
  /** The region of the name, or all when it is empty. @throws HeadwayError `not_found`. */
  status(name: string): readonly SharedMemoryRegion[];
  /** Begins a request that uses shared memory. */
  lease(): SharedMemoryLease;
  /** There is no GPU here: nothing can be registered, and nothing is. */
  readonly cuda: Pick<SharedMemoryRegistry, 'unregister' | 'unregisterAll'> & {
    register(name: string): void;
    status(name: string): readonly never[];
  };
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
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** The files that a version was loaded from. */
export interface ModelFiles {
  readonly name: string;
  readonly version: string;
  readonly files: readonly ModelFile[];
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
  /** Reads the contents of the files when it is first asked of a load. */
  modelFiles(name: string, version: string): Promise<ModelFiles>;
  infer(request: InferRequest): Promise<InferResponse>;
  /** Of one model, or of all when the name is empty. */
  statistics(name: string, version: string): readonly ModelStatistics[];
  repositoryIndex(readyOnly: boolean): readonly IndexEntry[];
  loadModel(name: string, overrides: LoadOverrides | undefined): Promise<void>;
  unloadModel(name: string): Promise<void>;
  /** Which lines the server's log holds. */
  readonly logging: LogControl;
  readonly tracing: ServerTracing;
  readonly sharedMemory: SharedMemoryRegistry;
}
