import type { ServerMetadata } from '../../../server/interface.ts';
import {
  type Integer,
  type MessageTable,
  bool,
  bytes,
  field,
  int64,
  mapOf,
  nested,
  optional,
  packed,
  repeated,
  text,
  uint64,
} from './message.ts';

// The messages of inference.GRPCInferenceService and grpc.health.v1.Health but for inference
// itself, statistics and model configs, which have files of their own. Names and numbers are those
// of the protocol.

/** The full name of the service. */
export const inferenceService = 'inference.GRPCInferenceService';

/** A message without fields. */
export const emptyMessage: MessageTable<object> = {};

/** ModelReady, ModelMetadata, ModelConfig and ModelStatistics are asked with this. */
export interface ModelReference {
  readonly name: string;
  readonly version: string;
}

export const modelReference: MessageTable<ModelReference> = {
  name: field(1, text),
  version: field(2, text),
};

export interface LiveAnswer {
  readonly live: boolean;
}

/** ServerLive; ServerReady and ModelReady have the same field under another name. */
export const liveAnswer: MessageTable<LiveAnswer> = { live: field(1, bool) };

export const serverMetadataMessage: MessageTable<ServerMetadata> = {
  name: field(1, text),
  version: field(2, text),
  extensions: repeated(3, text),
};

export interface TensorMetadataMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly Integer[];
}

export interface ModelMetadataMessage {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadataMessage[];
  readonly outputs: readonly TensorMetadataMessage[];
}

const tensorMetadata = nested<TensorMetadataMessage>('TensorMetadata', {
  name: field(1, text),
  datatype: field(2, text),
  shape: packed(3),
});

export const modelMetadataMessage: MessageTable<ModelMetadataMessage> = {
  name: field(1, text),
  versions: repeated(2, text),
  platform: field(3, text),
  inputs: repeated(4, tensorMetadata),
  outputs: repeated(5, tensorMetadata),
};

export interface IndexRequest {
  readonly repository_name: string;
  readonly ready: boolean;
}

export const indexRequest: MessageTable<IndexRequest> = {
  repository_name: field(1, text),
  ready: field(2, bool),
};

export interface ModelIndexMessage {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

export interface IndexAnswer {
  readonly models: readonly ModelIndexMessage[];
}

export const indexAnswer: MessageTable<IndexAnswer> = {
  models: repeated(
    1,
    nested<ModelIndexMessage>('ModelIndex', {
      name: field(1, text),
      version: field(2, text),
      state: field(3, text),
      reason: field(4, text),
    }),
  ),
};

/** One of them is set. */
export interface RepositoryParameter {
  readonly bool_param?: boolean | undefined;
  readonly int64_param?: Integer | undefined;
  readonly string_param?: string | undefined;
  readonly bytes_param?: Uint8Array | undefined;
}

/** RepositoryModelLoad and RepositoryModelUnload are asked with this. */
export interface RepositoryModelRequest {
  readonly repository_name: string;
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, RepositoryParameter>>;
}

export const repositoryModelRequest: MessageTable<RepositoryModelRequest> = {
  repository_name: field(1, text),
  model_name: field(2, text),
  parameters: mapOf(
    3,
    nested<RepositoryParameter>('ModelRepositoryParameter', {
      bool_param: optional(1, bool),
      int64_param: optional(2, int64),
      string_param: optional(3, text),
      bytes_param: optional(4, bytes),
    }),
  ),
};

/** Shared memory is asked about, and unregistered, with this. */
export interface RegionReference {
  readonly name: string;
}

export const regionReference: MessageTable<RegionReference> = { name: field(1, text) };

export interface SystemRegionMessage {
  readonly name: string;
  readonly key: string;
  readonly offset: Integer;
  readonly byte_size: Integer;
}

/** A region, and the request that registers it. */
export const systemRegionMessage: MessageTable<SystemRegionMessage> = {
  name: field(1, text),
  key: field(2, text),
  offset: field(3, uint64),
  byte_size: field(4, uint64),
};

export interface SystemRegionsAnswer {
  readonly regions: Readonly<Record<string, SystemRegionMessage>>;
}

export const systemRegionsAnswer: MessageTable<SystemRegionsAnswer> = {
  regions: mapOf(1, nested('RegionStatus', systemRegionMessage)),
};

export interface TraceSettingMessage {
  readonly value: readonly string[];
}

export interface TraceSettingsRequest {
  readonly settings: Readonly<Record<string, TraceSettingMessage>>;
  readonly model_name: string;
}

/** The answer has the settings alone. */
export const traceSettingsMessage: MessageTable<TraceSettingsRequest> = {
  settings: mapOf(1, nested<TraceSettingMessage>('SettingValue', { value: repeated(1, text) })),
  model_name: field(2, text),
};

/** One of them is set. */
export interface LogSettingMessage {
  readonly bool_param?: boolean | undefined;
  readonly uint32_param?: Integer | undefined;
  readonly string_param?: string | undefined;
}

export interface LogSettingsMessage {
  readonly settings: Readonly<Record<string, LogSettingMessage>>;
}

/** The same for request and answer. */
export const logSettingsMessage: MessageTable<LogSettingsMessage> = {
  settings: mapOf(
    1,
    nested<LogSettingMessage>('SettingValue', {
      bool_param: optional(1, bool),
      uint32_param: optional(2, uint64),
      string_param: optional(3, text),
    }),
  ),
};
