import type { Datatype } from '../core/datatype.ts';
import type { OutputTensor } from './tensor-data.ts';

/** The answer to an infer request. */
export interface InferAnswer {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, string | number | bigint | boolean>>;
  readonly outputs: ReadonlyMap<string, OutputTensor>;
  /** The `Server-Timing` header, when `timings` was asked for. */
  readonly serverTiming: string | undefined;
}

/** `GET /v2`. */
export interface ServerMetadataAnswer {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

export interface TensorMetadataAnswer {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 for a variable dimension; the batch dimension is included. */
  readonly shape: readonly number[];
}

/** `GET /v2/models/{model}`. */
export interface ModelMetadataAnswer {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadataAnswer[];
  readonly outputs: readonly TensorMetadataAnswer[];
}

/** A count and the nanoseconds it took in all. */
export interface DurationAnswer {
  readonly count: number;
  readonly ns: number;
}

/** One model version in `GET /v2/models/stats`, in the words of the wire. */
export interface ModelStatisticsAnswer {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the Unix epoch. */
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<string, DurationAnswer>>;
  readonly batch_stats: readonly {
    readonly batch_size: number;
    readonly compute_input: DurationAnswer;
    readonly compute_infer: DurationAnswer;
    readonly compute_output: DurationAnswer;
  }[];
}

/** One entry of the repository index. */
export interface IndexEntryAnswer {
  readonly name: string;
  readonly version?: string;
  readonly state?: string;
  readonly reason?: string;
}
