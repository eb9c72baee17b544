import type { Datatype } from '../core/datatype.ts';
import type { Shape } from '../core/shape.ts';
import type { NamedTensors } from '../core/tensor.ts';
import type { TraceContext } from './trace-context.ts';

/** Moments in the life of a request, under Triton's names. */
export type TraceMoment =
  | 'HTTP_RECV_START'
  | 'HTTP_RECV_END'
  | 'HTTP_SEND_START'
  | 'HTTP_SEND_END'
  | 'GRPC_WAITREAD_START'
  | 'GRPC_WAITREAD_END'
  | 'GRPC_SEND_START'
  | 'GRPC_SEND_END'
  | 'REQUEST_START'
  | 'QUEUE_START'
  | 'COMPUTE_START'
  | 'COMPUTE_INPUT_END'
  | 'COMPUTE_OUTPUT_START'
  | 'COMPUTE_END'
  | 'INFER_RESPONSE_COMPLETE'
  | 'REQUEST_END';

export type TensorActivity = 'TENSOR_QUEUE_INPUT' | 'TENSOR_BACKEND_OUTPUT';

/** The trace of one request while it is answered. */
export interface RequestTrace {
  /** Of the request's own span, for the answer; `undefined` when the caller told of no trace. */
  readonly traceparent: string | undefined;
  /** The server's clock. */
  now(): number;
  /** Notes a moment, on the server's clock. */
  mark(moment: TraceMoment, atMs: number): void;
  /** Notes what was found to answer the request. */
  setModel(version: number, requestId: string): void;
  /** Notes tensors, where the level asks for them. */
  addTensors(activity: TensorActivity, tensors: NamedTensors): void;
  /**
   * Hands the trace over; what comes after is ignored.
   * @param failure why the request failed; `undefined` when it was answered.
   */
  end(failure: string | undefined): void;
}

/** What is known of a request before it is read. */
export interface TraceStart {
  readonly modelName: string;
  /** The headers of W3C Trace Context, as they came. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** A tensor as a trace shows it. */
export interface TensorRecord {
  readonly activity: TensorActivity;
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: Shape;
  /** The elements, separated by commas; empty for FP16 and BF16, as in Triton. */
  readonly data: string;
}

/** A trace that has ended. */
export interface TraceRecord {
  readonly id: number;
  readonly modelName: string;
  /** `undefined` when the request came to no model. */
  readonly modelVersion: number | undefined;
  readonly requestId: string;
  /** `undefined` when the caller told of no trace. */
  readonly parent: TraceContext | undefined;
  readonly moments: readonly { readonly name: TraceMoment; readonly atMs: number }[];
  readonly tensors: readonly TensorRecord[];
  readonly failure: string | undefined;
}
