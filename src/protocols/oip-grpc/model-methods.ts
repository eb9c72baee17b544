import type { InferenceServer, ModelMetadata } from '../../server/interface.ts';
import {
  type ModelMetadataMessage,
  emptyMessage,
  liveAnswer,
  modelMetadataMessage,
  modelReference,
  serverMetadataMessage,
} from './codec/messages.ts';
import { encodeModelConfigAnswer } from './codec/model-config-message.ts';
import { encodeStatisticsAnswer } from './codec/statistics-message.ts';
import type { GrpcMethod } from './method.ts';
import { message, plainMethod } from './unary.ts';

const service = 'inference.GRPCInferenceService';

/** What can be asked of the server and its models beside inference. */
export function createModelMethods(server: InferenceServer): readonly GrpcMethod[] {
  return [
    plainMethod({
      path: `${service}/ServerLive`,
      plane: 'health',
      request: emptyMessage,
      answer: () => message(liveAnswer, { live: server.isLive() }),
    }),
    plainMethod({
      path: `${service}/ServerReady`,
      plane: 'health',
      request: emptyMessage,
      answer: () => message(liveAnswer, { live: server.isReady() }),
    }),
    plainMethod({
      path: `${service}/ModelReady`,
      plane: 'inference',
      request: modelReference,
      answer: ({ name, version }) =>
        message(liveAnswer, { live: server.isModelReady(name, version) }),
    }),
    plainMethod({
      path: `${service}/ServerMetadata`,
      plane: 'inference',
      request: emptyMessage,
      answer: () => message(serverMetadataMessage, server.serverMetadata()),
    }),
    plainMethod({
      path: `${service}/ModelMetadata`,
      plane: 'inference',
      request: modelReference,
      answer: ({ name, version }) =>
        message(modelMetadataMessage, toMetadataMessage(server.modelMetadata(name, version))),
    }),
    plainMethod({
      path: `${service}/ModelConfig`,
      plane: 'inference',
      request: modelReference,
      answer: ({ name, version }) => [encodeModelConfigAnswer(server.modelConfig(name, version))],
    }),
    plainMethod({
      path: `${service}/ModelStatistics`,
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
