import { type LogLevel, logLevels } from '../core/logger.ts';
import type { Setting } from './setting.ts';
import { type TraceServerConfig, traceServerSettings } from './trace-server-settings.ts';

export type ModelControlMode = 'none' | 'poll' | 'explicit';

/** The settings of one server: complete, frozen, in base units. What each means is in `serverSettings`. */
export interface ServerConfig extends TraceServerConfig {
  readonly modelRepositories: readonly string[];
  readonly modelControlMode: ModelControlMode;
  readonly loadModels: readonly string[];
  readonly allowedSources: readonly string[];
  readonly repositoryPollMs: number;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly grpcHost: string;
  readonly grpcPort: number;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly apiKeys: readonly string[];
  readonly insecure: boolean;
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly httpHeaderForwardPattern: string | undefined;
  readonly grpcHeaderForwardPattern: string | undefined;
  readonly maxQueueSize: number;
  readonly responseCacheBytes: number;
  readonly allowClientSharedMemory: boolean;
  readonly allowScripts: boolean;
  readonly exitTimeoutMs: number;
  readonly onnxruntimeLibrary: string | undefined;
  readonly logLevel: LogLevel;
  readonly home: string | undefined;
  readonly tlsCertificate: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsClientCa: string | undefined;
  readonly serverName: string;
}

const day = 24 * 3600 * 1000;
const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const headerPattern = { kind: 'text', placeholder: 'pattern', default: undefined } as const;
const forwarded =
  'headers whose names this regular expression matches become parameters of the request for its model, without regard to case unless it begins with (?-i)';
const port = { kind: 'count', min: 0, max: 65_535 } as const;

/**
 * Every server setting: name, type, default, unit, range and meaning. The command line's flags, the
 * configuration table of the documentation and the checks of a configuration file all come from it.
 */
export const serverSettings: Readonly<Record<keyof ServerConfig, Setting>> = {
  modelRepositories: {
    kind: 'texts',
    flag: 'model-repository',
    placeholder: 'dir',
    default: [],
    description: 'folder of models in the layout <model>/<version>/model.onnx; may be repeated',
  },
  modelControlMode: {
    kind: 'choice',
    flag: 'model-control-mode',
    choices: ['none', 'poll', 'explicit'],
    default: 'none',
    description:
      'what decides which models are loaded: none (all, at start), poll (all, following changes on disk), explicit (those named, and the load and unload requests)',
  },
  loadModels: {
    kind: 'texts',
    flag: 'load-model',
    placeholder: 'name',
    default: [],
    description: 'model to load at start in explicit mode; may be repeated; * for all',
  },
  allowedSources: {
    kind: 'texts',
    flag: 'allow-source',
    placeholder: 'prefix',
    default: [],
    description:
      'start of the source references that model configs may name, such as npm: or hf:acme/; may be repeated',
  },
  repositoryPollMs: {
    kind: 'duration',
    flag: 'repository-poll',
    default: 15_000,
    min: 100,
    max: day,
    description: 'how often poll mode looks for changes',
  },
  httpHost: {
    kind: 'text',
    flag: 'http-host',
    placeholder: 'address',
    default: '127.0.0.1',
    description: 'address the HTTP port is bound to',
  },
  httpPort: {
    ...port,
    flag: 'http-port',
    default: 8000,
    description: 'port of the inference protocol over HTTP; 0 for any free one',
  },
  grpcHost: {
    kind: 'text',
    flag: 'grpc-host',
    placeholder: 'address',
    default: '127.0.0.1',
    description: 'address the gRPC port is bound to',
  },
  grpcPort: {
    ...port,
    flag: 'grpc-port',
    default: 8001,
    description: 'port of the inference protocol over gRPC; 0 for any free one',
  },
  metricsHost: {
    kind: 'text',
    flag: 'metrics-host',
    placeholder: 'address',
    default: '127.0.0.1',
    description: 'address the metrics port is bound to',
  },
  metricsPort: {
    ...port,
    flag: 'metrics-port',
    default: 8002,
    description: 'port of the metrics; 0 for any free one',
  },
  apiKeys: {
    kind: 'texts',
    flag: 'api-key',
    placeholder: 'key',
    default: [],
    description: 'key that clients must send as a bearer token; may be repeated',
  },
  insecure: {
    kind: 'switch',
    flag: 'insecure',
    default: false,
    description: 'allow an address beyond loopback without an API key',
  },
  maxBodyBytes: {
    kind: 'size',
    flag: 'max-body',
    default: 64 * mebibyte,
    min: 1024,
    max: 16 * gibibyte,
    description: 'largest request body, before and after decompression',
  },
  maxHeaderBytes: {
    kind: 'size',
    flag: 'max-header',
    default: 16 * 1024,
    min: 1024,
    max: mebibyte,
    description: 'largest total of HTTP request headers',
  },
  httpHeaderForwardPattern: {
    ...headerPattern,
    flag: 'http-header-forward-pattern',
    description: `HTTP ${forwarded}`,
  },
  grpcHeaderForwardPattern: {
    ...headerPattern,
    flag: 'grpc-header-forward-pattern',
    description: `gRPC ${forwarded}`,
  },
  maxQueueSize: {
    kind: 'count',
    flag: 'max-queue-size',
    default: 1024,
    min: 1,
    max: 1_000_000,
    description: 'requests that may wait for a model whose config sets no limit of its own',
  },
  responseCacheBytes: {
    kind: 'size',
    flag: 'response-cache',
    default: 0,
    min: 0,
    max: 1024 * gibibyte,
    description: 'memory for cached responses of models that enable the cache; 0 for no cache',
  },
  allowClientSharedMemory: {
    kind: 'switch',
    flag: 'allow-client-shm',
    default: false,
    description:
      'let clients on this machine pass tensors in shared memory; for clients that are trusted, as they can change tensors while these are in use, and end the server by shrinking the memory under a run',
  },
  allowScripts: {
    kind: 'switch',
    flag: 'allow-scripts',
    default: false,
    description:
      'run models of the repositories that are scripts (model.ts), which are code and may do what the server may',
  },
  exitTimeoutMs: {
    kind: 'duration',
    flag: 'exit-timeout',
    default: 30_000,
    min: 0,
    max: day,
    description: 'how long requests in flight may take to finish when the server is told to stop',
  },
  onnxruntimeLibrary: {
    kind: 'text',
    flag: 'onnxruntime-library',
    placeholder: 'file',
    default: undefined,
    description: 'ONNX Runtime shared library to use instead of the bundled one',
  },
  logLevel: {
    kind: 'choice',
    flag: 'log-level',
    choices: logLevels,
    default: 'info',
    description: 'least serious message that is logged',
  },
  home: {
    kind: 'text',
    flag: 'home',
    placeholder: 'dir',
    default: undefined,
    description: 'folder for downloaded models and results; ~/.headway when not given',
  },
  serverName: {
    kind: 'text',
    flag: 'id',
    placeholder: 'name',
    default: 'headway',
    description: 'name that the server tells of itself; triton for clients that insist on it',
  },
  tlsCertificate: {
    kind: 'text',
    flag: 'tls-certificate',
    placeholder: 'file',
    default: undefined,
    description: 'certificate chain in PEM form; every port then speaks TLS only',
  },
  tlsKey: {
    kind: 'text',
    flag: 'tls-key',
    placeholder: 'file',
    default: undefined,
    description: 'private key of the certificate, in PEM form',
  },
  tlsClientCa: {
    kind: 'text',
    flag: 'tls-client-ca',
    placeholder: 'file',
    default: undefined,
    description: 'authorities in PEM form that clients must have a certificate from',
  },
  ...traceServerSettings,
};
