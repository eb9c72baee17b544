import { HeadwayError } from '../core/error.ts';
import { encodeInferRequest } from '../protocols/oip-grpc/codec/infer-request-write.ts';
import { decodeStreamResponse } from '../protocols/oip-grpc/codec/infer-response-read.ts';
import { inferenceService } from '../protocols/oip-grpc/codec/messages.ts';
import type { InferAnswer } from './answers.ts';
import type { GrpcCall } from './grpc-call.ts';
import type { GrpcChannel } from './grpc-channel.ts';
import { toInferAnswer, toInferMessage } from './infer-message.ts';
import type { CallOptions, InferOptions } from './oip-client.ts';

/** A request of a stream; what concerns the whole stream is given to it instead. */
export type StreamRequest = Omit<InferOptions, 'signal' | 'deadlineMs' | 'timings' | 'encoding'>;

export interface StreamOptions extends CallOptions {
  /** From the start of the stream to its end. */
  readonly deadlineMs?: number | undefined;
}

/** What a stream tells of one request. */
export type StreamAnswer =
  | { readonly kind: 'answer'; readonly answer: InferAnswer }
  | {
      readonly kind: 'failure';
      /** The id of the request, empty when it had none. */
      readonly id: string;
      /** Its code is `unknown`: streams carry no codes. */
      readonly error: HeadwayError;
    };

/** Sends requests in one stream, and gives what the server tells of each. */
export async function* inferStream(
  channel: GrpcChannel,
  requests: AsyncIterable<StreamRequest> | Iterable<StreamRequest>,
  { signal, deadlineMs }: StreamOptions,
): AsyncGenerator<StreamAnswer, void> {
  const path = `/${inferenceService}/ModelStreamInfer`;
  const call = channel.open({ path, deadlineMs, signal });
  // Its failures reach the reader below by way of the call.
  void sendRequests(call, requests);
  for await (const message of call.messages()) yield readAnswer(message);
}

async function sendRequests(
  call: GrpcCall,
  requests: AsyncIterable<StreamRequest> | Iterable<StreamRequest>,
): Promise<void> {
  try {
    for await (const request of requests) {
      if (call.isOver) return;
      const { model: modelName, version: modelVersion = '' } = request;
      const message = { modelName, modelVersion, ...toInferMessage(request) };
      await call.send(encodeInferRequest(message));
    }
    call.end();
  } catch (thrown) {
    call.cancel(thrown);
  }
}

function readAnswer(message: Buffer): StreamAnswer {
  const { errorMessage, response } = decodeStreamResponse(message);
  if (errorMessage === '') return { kind: 'answer', answer: toInferAnswer(response, undefined) };
  return { kind: 'failure', id: response.id, error: new HeadwayError('unknown', errorMessage) };
}
