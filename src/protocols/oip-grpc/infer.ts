import type { Clock } from '../../core/clock.ts';
import type { Parameters } from '../../core/batch.ts';
import type { RequestTrace } from '../../metrics/request-trace.ts';
import type { InferResponse, InferenceServer } from '../../server/interface.ts';
import { formatServerTiming } from '../http/server-timing.ts';
import { forwardHeaders } from '../oip/forward-headers.ts';
import { type DecodedInferRequest, decodeInferRequest } from './codec/infer-request-read.ts';
import { encodeInferResponse } from './codec/infer-response-write.ts';
import { inferenceService } from './codec/messages.ts';
import type { CallContext, GrpcMethod, MessagePieces } from './method.ts';

export interface InferOptions {
  readonly server: InferenceServer;
  readonly clock: Clock;
  /** The most bytes the tensors of typed contents may take. */
  readonly maxTypedBytes: number;
  /** Which metadata becomes parameters; none without it. */
  readonly headerPattern?: RegExp | undefined;
}

const noParameters: Parameters = Object.freeze({});

/** ModelInfer. */
export function createInferMethod(options: InferOptions): GrpcMethod {
  return {
    path: `/${inferenceService}/ModelInfer`,
    plane: 'inference',
    kind: 'unary',
    answer: (message, context) =>
      answerRequest(message, context, {
        ...options,
        encode(answer, { request: { outputRegions }, trace, receivedMs }) {
          const { headers, startMs } = context;
          if (trace?.traceparent !== undefined) context.tell('traceparent', trace.traceparent);
          if (headers['headway-timings'] !== undefined) {
            const times = { startMs, receivedMs, endMs: options.clock.nowMs() };
            context.tell('server-timing', formatServerTiming(answer.timings, times));
          }
          return encodeInferResponse(answer, { outputRegions, parameters: noParameters });
        },
      }),
  };
}

/** A request, and what is known of it beside its message. */
export interface ReceivedRequest {
  readonly request: DecodedInferRequest;
  readonly trace: RequestTrace | undefined;
  /** When its message was complete, on the clock. */
  readonly receivedMs: number;
}

export interface AnswerOptions extends InferOptions {
  readonly encode: (answer: InferResponse, received: ReceivedRequest) => MessagePieces;
}

/**
 * Answers a ModelInferRequest.
 * @throws HeadwayError as the reading of the request and the server do.
 */
export async function answerRequest(
  message: Buffer,
  context: CallContext,
  options: AnswerOptions,
): Promise<MessagePieces> {
  const { server, clock, maxTypedBytes } = options;
  const receivedMs = clock.nowMs();
  const lease = (): ReturnType<typeof server.sharedMemory.lease> => server.sharedMemory.lease();
  const request = decodeInferRequest(message, { maxTypedBytes, lease });
  const trace = beginTrace(request.modelName, context, { server, receivedMs });
  try {
    const answer = await server.infer({
      modelName: request.modelName,
      modelVersion: request.modelVersion,
      id: request.id,
      inputs: request.inputs,
      outputs: request.outputs,
      parameters: withHeaders(request.parameters, context, options.headerPattern),
      priority: request.priority,
      timeoutMicroseconds: request.timeoutMicroseconds,
      deadlineMs: context.deadlineMs,
      signal: context.signal,
      receivedMs,
      trace,
      memory: request.memory,
    });
    trace?.mark('GRPC_SEND_START', clock.nowMs());
    const encoded = options.encode(answer, { request, trace, receivedMs });
    trace?.mark('GRPC_SEND_END', clock.nowMs());
    trace?.end(undefined);
    return encoded;
  } catch (error) {
    trace?.end(error instanceof Error ? error.message : 'the request failed');
    throw error;
  } finally {
    request.memory?.release();
  }
}

/** With metadata of the client's own among them: no names of HTTP/2 or of the gRPC protocol. */
function withHeaders(
  parameters: Parameters,
  { headers }: CallContext,
  pattern: RegExp | undefined,
): Parameters {
  if (pattern === undefined) return parameters;
  const own = Object.entries(headers).flatMap(([name, value]) =>
    /^(?::|grpc-|te$|content-type$)/.test(name) ? [] : [[name, headerText(value) ?? ''] as const],
  );
  return forwardHeaders(pattern, own, parameters);
}

function beginTrace(
  modelName: string,
  { headers, startMs }: CallContext,
  { server, receivedMs }: { readonly server: InferenceServer; readonly receivedMs: number },
): RequestTrace | undefined {
  const trace = server.tracing.start({
    modelName,
    traceparent: headerText(headers['traceparent']),
    tracestate: headerText(headers['tracestate']),
  });
  trace?.mark('GRPC_WAITREAD_START', startMs);
  trace?.mark('GRPC_WAITREAD_END', receivedMs);
  return trace;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
