import type { Datatype } from '../core/datatype.ts';
import type { ShapePattern } from '../core/shape.ts';

/** An input as the config declares it; dims leave out the batch dimension when batching. */
export interface ModelInput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dims: ShapePattern;
  /** The shape the model itself wants, where it differs from what clients send. */
  readonly reshape: ShapePattern | undefined;
  readonly optional: boolean;
  /** Requests that differ in a variable dimension are padded with this and batched together. */
  readonly padValue: number | undefined;
  /** Image layout, told to clients; absent when the config names none. */
  readonly format?: 'nhwc' | 'nchw';
}

export interface ModelOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dims: ShapePattern;
  readonly reshape: ShapePattern | undefined;
  /** File of class labels in the model's folder, one a line; used by classification. */
  readonly labelFilename: string | undefined;
}

export type VersionPolicy =
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'specific'; readonly versions: readonly number[] };

/** When a queued request is given up or put behind the others. */
export interface QueuePolicy {
  readonly timeoutAction: 'reject' | 'delay';
  /** 0 for none. */
  readonly defaultTimeoutMicroseconds: number;
  /** Whether a request's own timeout may exceed the default one; a shorter one always counts. */
  readonly allowTimeoutOverride: boolean;
  /** Requests that may wait at one priority level. */
  readonly maxQueueSize: number;
}

export interface DynamicBatching {
  readonly preferredBatchSizes: readonly number[];
  readonly maxQueueDelayMicroseconds: number;
  readonly preserveOrdering: boolean;
  /** Number of levels, 1 the highest; 0 when priorities are not used. */
  readonly priorityLevels: number;
  readonly defaultPriorityLevel: number;
  readonly defaultQueuePolicy: QueuePolicy;
  readonly priorityQueuePolicies: ReadonlyMap<number, QueuePolicy>;
}

export interface InstanceGroup {
  readonly name: string;
  /** Instances: batches of this model that may run at once. */
  readonly count: number;
  readonly kind: 'auto' | 'cpu' | 'gpu' | 'model';
  readonly gpus: readonly number[];
}

export type WarmupData =
  | { readonly kind: 'zero' }
  | { readonly kind: 'random' }
  | { readonly kind: 'file'; readonly name: string };

export interface WarmupInput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dims: ShapePattern;
  readonly data: WarmupData;
}

/** A request run before the version counts as ready. */
export interface Warmup {
  readonly name: string;
  readonly batchSize: number;
  /** How often it runs on each instance. */
  readonly count: number;
  readonly inputs: readonly WarmupInput[];
}

/** An execution provider wanted for the model, with the runtime's own option names. */
export interface ExecutionProvider {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * A model's configuration in Headway's terms, whichever file it came from. Complete and frozen.
 * Until the model is loaded, `inputs` and `outputs` may be empty and `maxBatchSize` `undefined`;
 * `completeModelConfig` fills them from the model's signature.
 */
export interface ModelConfig {
  readonly name: string;
  readonly backend: string;
  /** 0: requests are not batched and dims are whole shapes. */
  readonly maxBatchSize: number | undefined;
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  readonly versionPolicy: VersionPolicy;
  readonly instanceGroups: readonly InstanceGroup[];
  /** Limits and order of the queue; every model has them, batched or not. */
  readonly scheduling: DynamicBatching;
  readonly responseCache: boolean;
  readonly warmups: readonly Warmup[];
  /** The file inside a version folder; `undefined` for the backend's default name. */
  readonly defaultModelFilename: string | undefined;
  /** 0 all, 1 extended, 2 off, -1 basic: Triton's `optimization.graph.level`. */
  readonly graphLevel: number;
  readonly executionProviders: readonly ExecutionProvider[];
  /** `parameters` of the config: backend options and values for the model. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly metricTags: Readonly<Record<string, string>>;
  /** Where `headway pull` gets the model file: a source reference such as `npm:…`. */
  readonly source: string | undefined;
}
