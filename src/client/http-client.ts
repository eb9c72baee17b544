import { encodeInferRequest } from '../protocols/oip-http/codec/request-write.ts';
import { decodeInferResponse } from '../protocols/oip-http/codec/response-read.ts';
import type {
  IndexEntryAnswer,
  InferAnswer,
  ModelMetadataAnswer,
  ModelStatisticsAnswer,
  ServerMetadataAnswer,
} from './answers.ts';
import type {
  CallOptions,
  InferOptions,
  LoadOptions,
  ModelChoice,
  OipClient,
} from './oip-client.ts';
import { toInferAnswer, toInferMessage } from './infer-message.ts';
import {
  type Transport,
  type TransportAnswer,
  type TransportOptions,
  createTransport,
} from './transport.ts';

/** @throws TypeError when the url is none, or not of HTTP. */
export function createOipHttpClient(options: TransportOptions): OipClient {
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
  const { deadlineMs } = options;
  const { headerLength, json, binary } = encodeInferRequest({
    ...toInferMessage(options),
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
  return toInferAnswer(message, headers['server-timing']);
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
