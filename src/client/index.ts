import type { Parameters } from '../core/batch.ts';
import type { Tensor } from '../core/tensor.ts';
import { encodeInferRequest } from '../protocols/oip-http/codec/request-write.ts';
import { decodeInferResponse } from '../protocols/oip-http/codec/response-read.ts';
import type {
  IndexEntryAnswer,
  InferAnswer,
  ModelMetadataAnswer,
  ModelStatisticsAnswer,
  ServerMetadataAnswer,
} from './answers.ts';
import {
  type InputTensor,
  type OutputTensor,
  fromWireTensor,
  toWireTensor,
} from './tensor-data.ts';
import {
  type Transport,
  type TransportAnswer,
  type TransportOptions,
  createTransport,
} from './transport.ts';

export { HeadwayError } from '../core/error.ts';
export type { IndexEntryAnswer, InferAnswer, ModelMetadataAnswer } from './answers.ts';
export type { ModelStatisticsAnswer, ServerMetadataAnswer } from './answers.ts';
export type { InputTensor, OutputTensor } from './tensor-data.ts';
export type { TransportOptions } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Which model; the server picks the version when none is given. */
export interface ModelChoice extends CallOptions {
  readonly version?: string | undefined;
}

export interface InferOptions extends ModelChoice {
  readonly model: string;
  readonly inputs: readonly InputTensor[];
  /** Names, or names with the number of classes wanted; all outputs when left out. */
  readonly outputs?: readonly (string | WantedClasses)[] | undefined;
  readonly id?: string | undefined;
  readonly parameters?: Parameters | undefined;
  /** 1 is the highest. */
  readonly priority?: number | undefined;
  /** How long the request may wait for its model. */
  readonly queueTimeoutMicroseconds?: number | undefined;
  /** From sending; a server that cannot keep it refuses at once. */
  readonly deadlineMs?: number | undefined;
  /** Tensors travel as binary data unless this is `json`. */
  readonly encoding?: 'binary' | 'json' | undefined;
  /** Asks for `serverTiming`. */
  readonly timings?: boolean | undefined;
}

export interface WantedClasses {
  readonly name: string;
  readonly classificationCount: number;
}

export interface LoadOptions extends CallOptions {
  /** A whole config in Triton's field names, instead of the one on disk. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Files by `<version>/<name>`; need `config`. */
  readonly files?: ReadonlyMap<string, Uint8Array> | undefined;
}

/**
 * A client of a server that speaks the Open Inference Protocol v2 over HTTP. Every failure is a
 * HeadwayError with the server's text; disposing closes the connections.
 */
export interface OipHttpClient extends Disposable {
  isLive(options?: CallOptions): Promise<boolean>;
  isReady(options?: CallOptions): Promise<boolean>;
  isModelReady(model: string, options?: ModelChoice): Promise<boolean>;
  serverMetadata(options?: CallOptions): Promise<ServerMetadataAnswer>;
  modelMetadata(model: string, options?: ModelChoice): Promise<ModelMetadataAnswer>;
  modelConfig(model: string, options?: ModelChoice): Promise<Record<string, unknown>>;
  /** Of one model, or of all without one. */
  statistics(model?: string, options?: ModelChoice): Promise<readonly ModelStatisticsAnswer[]>;
  repositoryIndex(
    options?: CallOptions & { readonly readyOnly?: boolean | undefined },
  ): Promise<readonly IndexEntryAnswer[]>;
  load(model: string, options?: LoadOptions): Promise<void>;
  unload(model: string, options?: CallOptions): Promise<void>;
  infer(options: InferOptions): Promise<InferAnswer>;
}

/** @throws TypeError when the url is none, or not of HTTP. */
export function createOipHttpClient(options: TransportOptions): OipHttpClient {
  const transport = createTransport(options);

  async function isGood(path: string, { signal }: CallOptions): Promise<boolean> {
    return (await transport.exchange({ method: 'GET', path, signal })).status === 200;
  }
  async function get(path: string, { signal }: CallOptions): Promise<unknown> {
    return readAnswer(await transport.call({ method: 'GET', path, signal }));
  }
  async function post(
    path: string,
    body: object,
    { signal }: CallOptions,
  ): Promise<TransportAnswer> {
    const headers = { 'Content-Type': 'application/json' };
    const text = JSON.stringify(body);
    return transport.call({ method: 'POST', path, headers, body: [text], signal });
  }

  return {
    isLive: (given = {}) => isGood('/v2/health/live', given),
    isReady: (given = {}) => isGood('/v2/health/ready', given),
    isModelReady: (model, given = {}) => isGood(`${modelPath(model, given)}/ready`, given),
    async serverMetadata(given = {}) {
      return (await get('/v2', given)) as ServerMetadataAnswer;
    },
    async modelMetadata(model, given = {}) {
      return (await get(modelPath(model, given), given)) as ModelMetadataAnswer;
    },
    async modelConfig(model, given = {}) {
      return (await get(`${modelPath(model, given)}/config`, given)) as Record<string, unknown>;
    },
    async statistics(model, given = {}) {
      const path = model === undefined ? '/v2/models' : modelPath(model, given);
      const answer = (await get(`${path}/stats`, given)) as StatisticsAnswer;
      return answer.model_stats;
    },
    async repositoryIndex({ readyOnly = false, ...given } = {}) {
      const answer = await post('/v2/repository/index', { ready: readyOnly }, given);
      return readAnswer(answer) as readonly IndexEntryAnswer[];
    },
    async load(model, given = {}) {
      await post(`${repositoryPath(model)}/load`, { parameters: toLoadParameters(given) }, given);
    },
    async unload(model, given = {}) {
      await post(`${repositoryPath(model)}/unload`, {}, given);
    },
    infer: (given) => infer(transport, given),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

interface StatisticsAnswer {
  readonly model_stats: readonly ModelStatisticsAnswer[];
}

async function infer(transport: Transport, options: InferOptions): Promise<InferAnswer> {
  const { priority, queueTimeoutMicroseconds: timeout, deadlineMs } = options;
  const inputs = new Map<string, Tensor>();
  for (const input of options.inputs) inputs.set(input.name, toWireTensor(input));
  const { headerLength, json, binary } = encodeInferRequest({
    id: options.id ?? '',
    inputs,
    outputs: (options.outputs ?? []).map((output) =>
      typeof output === 'string' ? { name: output, classificationCount: 0 } : output,
    ),
    parameters: {
      ...options.parameters,
      ...(priority === undefined ? {} : { priority }),
      ...(timeout === undefined ? {} : { timeout }),
    },
    binary: options.encoding !== 'json',
  });
  const headers: Record<string, string> = {};
  if (headerLength === undefined) headers['Content-Type'] = 'application/json';
  else {
    headers['Content-Type'] = 'application/octet-stream';
    headers['Inference-Header-Content-Length'] = String(headerLength);
  }
  if (deadlineMs !== undefined) headers['Headway-Deadline-Ms'] = String(deadlineMs);
  if (options.timings === true) headers['Headway-Timings'] = '1';
  const answer = await transport.call({
    method: 'POST',
    path: `${modelPath(options.model, options)}/infer`,
    headers,
    body: [json, ...binary],
    signal: options.signal,
  });
  return readInferAnswer(answer);
}

function readInferAnswer({ headers, body }: TransportAnswer): InferAnswer {
  const length = headers['inference-header-content-length'];
  const message = decodeInferResponse(body, length === undefined ? undefined : Number(length));
  const outputs = new Map<string, OutputTensor>();
  for (const [name, tensor] of message.outputs) outputs.set(name, fromWireTensor(tensor));
  const timing = headers['server-timing'];
  return { ...message, outputs, serverTiming: typeof timing === 'string' ? timing : undefined };
}

/** The protocol names the form of each answer; a server that breaks it is not caught here. */
function readAnswer({ body }: TransportAnswer): unknown {
  return JSON.parse(body.toString());
}

function modelPath(model: string, { version }: ModelChoice): string {
  const path = `/v2/models/${encodeURIComponent(model)}`;
  return version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`;
}

function repositoryPath(model: string): string {
  return `/v2/repository/models/${encodeURIComponent(model)}`;
}

function toLoadParameters({ config, files = new Map() }: LoadOptions): Record<string, string> {
  const parameters: Record<string, string> = {};
  if (config !== undefined) parameters['config'] = JSON.stringify(config);
  for (const [name, bytes] of files)
    parameters[`file:${name}`] = Buffer.from(bytes).toString('base64');
  return parameters;
}
