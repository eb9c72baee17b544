import { encodeInferRequest } from '../protocols/oip-grpc/codec/infer-request-write.ts';
import { decodeInferResponse } from '../protocols/oip-grpc/codec/infer-response-read.ts';
import {
  type MessageTable,
  decodeMessage,
  encodeMessage,
} from '../protocols/oip-grpc/codec/message.ts';
import {
  type RepositoryModelRequest,
  type RepositoryParameter,
  emptyMessage,
  indexAnswer,
  indexRequest,
  inferenceService,
  liveAnswer,
  modelMetadataMessage,
  modelReference,
  repositoryModelRequest,
  serverMetadataMessage,
} from '../protocols/oip-grpc/codec/messages.ts';
import { modelConfigAnswer } from '../protocols/oip-grpc/codec/model-config-message.ts';
import { statisticsAnswer } from '../protocols/oip-grpc/codec/statistics-message.ts';
import { toIndexEntry, toMetadataAnswer, toStatisticsAnswer } from './grpc-answers.ts';
import { type GrpcChannel, type GrpcChannelOptions, createGrpcChannel } from './grpc-channel.ts';
import { toInferAnswer, toInferMessage } from './infer-message.ts';
import type { InferAnswer } from './answers.ts';
import type {
  CallOptions,
  InferOptions,
  LoadOptions,
  ModelChoice,
  OipClient,
} from './oip-client.ts';
import {
  type StreamAnswer,
  type StreamOptions,
  type StreamRequest,
  inferStream,
} from './grpc-stream.ts';

/** A client over gRPC, which can send many requests in one stream. */
export interface OipGrpcClient extends OipClient {
  /**
   * Sends requests in one stream as they come, and gives their answers in the same order. A request
   * that fails is an answer of the kind `failure`, and the stream goes on. Leaving the loop takes
   * the stream back.
   * @throws HeadwayError when the stream itself fails, or a request's tensor is not what it says;
   * and what `requests` throws.
   */
  streamInfer(
    requests: AsyncIterable<StreamRequest> | Iterable<StreamRequest>,
    options?: StreamOptions,
  ): AsyncGenerator<StreamAnswer, void>;
}

/** @throws TypeError when the url is none, or not of gRPC. */
export function createOipGrpcClient(options: GrpcChannelOptions): OipGrpcClient {
  const channel = createGrpcChannel(options);

  async function ask<Request, Answer>(
    method: string,
    [request, value]: readonly [MessageTable<Request>, Partial<Request>],
    answer: MessageTable<Answer>,
    { signal }: CallOptions,
  ): Promise<Answer> {
    const path = `/${inferenceService}/${method}`;
    const { message } = await channel.call({ path, signal }, [encodeMessage(request, value)]);
    return decodeMessage(`answer of ${method}`, answer, message);
  }
  const askOfModel = <Answer>(
    method: string,
    answer: MessageTable<Answer>,
    { name, version = '', signal }: ModelQuestion,
  ): Promise<Answer> => ask(method, [modelReference, { name, version }], answer, { signal });

  return {
    isLive: async (given = {}) =>
      (await ask('ServerLive', [emptyMessage, {}], liveAnswer, given)).live,
    isReady: async (given = {}) =>
      (await ask('ServerReady', [emptyMessage, {}], liveAnswer, given)).live,
    isModelReady: async (name, given = {}) =>
      (await askOfModel('ModelReady', liveAnswer, { ...given, name })).live,
    serverMetadata: (given = {}) =>
      ask('ServerMetadata', [emptyMessage, {}], serverMetadataMessage, given),
    modelMetadata: async (name, given = {}) =>
      toMetadataAnswer(await askOfModel('ModelMetadata', modelMetadataMessage, { ...given, name })),
    async modelConfig(name, given = {}) {
      const { config } = await askOfModel('ModelConfig', modelConfigAnswer, { ...given, name });
      return { ...config };
    },
    async statistics(name = '', given = {}) {
      const answer = await askOfModel('ModelStatistics', statisticsAnswer, { ...given, name });
      return answer.model_stats.map(toStatisticsAnswer);
    },
    async repositoryIndex({ readyOnly: ready = false, ...given } = {}) {
      const answer = await ask('RepositoryIndex', [indexRequest, { ready }], indexAnswer, given);
      return answer.models.map(toIndexEntry);
    },
    async load(name, given = {}) {
      const request = { model_name: name, parameters: toLoadParameters(given) };
      await ask('RepositoryModelLoad', [repositoryModelRequest, request], emptyMessage, given);
    },
    async unload(name, given = {}) {
      const request = { model_name: name };
      await ask('RepositoryModelUnload', [repositoryModelRequest, request], emptyMessage, given);
    },
    infer: (given) => infer(channel, given),
    streamInfer: (requests, given = {}) => inferStream(channel, requests, given),
    [Symbol.dispose]: () => channel[Symbol.dispose](),
  };
}

interface ModelQuestion extends ModelChoice {
  readonly name: string;
}

async function infer(channel: GrpcChannel, options: InferOptions): Promise<InferAnswer> {
  const { model: modelName, version: modelVersion = '', deadlineMs, signal } = options;
  const headers = options.timings === true ? { 'headway-timings': '1' } : {};
  const answer = await channel.call(
    { path: `/${inferenceService}/ModelInfer`, headers, deadlineMs, signal },
    encodeInferRequest({ modelName, modelVersion, ...toInferMessage(options) }),
  );
  return toInferAnswer(decodeInferResponse(answer.message), answer.headers['server-timing']);
}

function toLoadParameters({
  config,
  files = new Map(),
}: LoadOptions): RepositoryModelRequest['parameters'] {
  const parameters: Record<string, RepositoryParameter> = {};
  if (config !== undefined) parameters['config'] = { string_param: JSON.stringify(config) };
  for (const [name, bytes_param] of files) parameters[`file:${name}`] = { bytes_param };
  return parameters;
}
