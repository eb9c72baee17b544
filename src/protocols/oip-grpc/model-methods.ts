import type { InferenceServer, ModelMetadata } from '../../server/interface.ts';
import {
  type ModelMetadataMessage,
  emptyMessage,
  inferenceService,
  liveAnswer,
  modelMetadataMessage,
  modelReference,
  serverMetadataMessage,
} from './codec/messages.ts';
import { encodeModelConfigAnswer } from './codec/model-config-message.ts';
import { encodeStatisticsAnswer } from './codec/statistics-message.ts';
import type { GrpcMethod } from './method.ts';
import { message, plainMethod } from './unary.ts';

/** What can be asked of the server and its models beside inference. */
export function createModelMethods(server: InferenceServer): readonly GrpcMethod[] {
  return [
    plainMethod({
      path: `${inferenceService}/ServerLive`,
      plane: 'health',
      request: emptyMessage,
      answer: () => message(liveAnswer, { live: server.isLive() }),
    }),
    plainMethod({
      path: `${inferenceService}/ServerReady`,
      plane: 'health',
      request: emptyMessage,
      answer: () => message(liveAnswer, { live: server.isReady() }),
    }),
    plainMethod({
      path: `${inferenceService}/ModelReady`,
      plane: 'inference',
      request: modelReference,
      answer: ({ name, version }) =>
        message(liveAnswer, { live: server.isModelReady(name, version) }),
    }),
    plainMethod({
      path: `${inferenceService}/ServerMetadata`,
      plane: 'inference',
      request: emptyMessage,
      answer: () => message(serverMetadataMessage, server.serverMetadata()),
    }),
    plainMethod({
      path: `${inferenceService}/ModelMetadata`,
      plane: 'inference',
      request: modelReference,
      answer: ({ name, version }) =>
        message(modelMetadataMessage, toMetadataMessage(server.modelMetadata(name, version))),
    }),
    plainMethod({
      path: `${inferenceService}/ModelConfig`,
      plane: 'inference',
      request: modelReference,
      answer: ({ name, version }) => [encodeModelConfigAnswer(server.modelConfig(name, version))],
    }),
    plainMethod({
      path: `${inferenceService}/ModelStatistics`,
      plane: 'observability',
      request: modelReference,
      answer: ({ name, version }) => [encodeStatisticsAnswer(server.statistics(name, version))],
    }),
  ];
}

function toMetadataMessage(metadata: ModelMetadata): ModelMetadataMessage {
  const { name, versions, platform, inputs, outputs } = metadata;
  return { name, versions, platform, inputs, outputs };
}
