import type { ModelMetadataAnswer } from '../../client/index.ts';
import { createTransport } from '../../client/transport.ts';
import { openOipClient } from '../oip-client.ts';
import type { CommonOptions } from './common-options.ts';
import { type ModelContents, parseModelFiles, unknownContents } from './model-contents.ts';
import type { TlsFiles } from './tls-files.ts';

/** Which model of which server. */
export interface Asked extends Pick<
  CommonOptions,
  'model' | 'modelVersion' | 'apiKey' | 'timeout'
> {
  readonly tls: TlsFiles;
  /** Ends the wait for what a server may tell. */
  readonly signal: AbortSignal;
}

/** What a server tells of itself; not every server tells all. */
export interface DescribedServer {
  readonly server: unknown;
  readonly model: Partial<ModelMetadataAnswer> & ModelContents;
  readonly config: unknown;
}

/** Asks a server of the Open Inference Protocol. What it does not tell is left out, or null. */
export async function describeServer(url: string, asked: Asked): Promise<DescribedServer> {
  const { model = '', modelVersion: version, apiKey, tls } = asked;
  const signal = waitFor(asked, asked.timeout);
  const isGrpc = /^grpcs?:/.test(url);
  using client = openOipClient({ url, apiKey, tls });
  const [server, metadata, config] = await Promise.all([
    told(client.serverMetadata({ signal })),
    told(client.modelMetadata(model, { version, signal })),
    told(client.modelConfig(model, { version, signal })),
  ]);
  const isTold = !isGrpc && server?.extensions.includes('model_files') === true;
  const contents = isTold ? await told(readModelFiles(url, asked)) : undefined;
  return { server, model: { ...metadata, ...(contents ?? unknownContents) }, config };
}

/** What is read at a gigabyte a second is a very large model. */
const contentsTimeoutMs = 300_000;

/** Contents are read once for each load of a model, however large they are: this may take its time. */
async function readModelFiles(url: string, asked: Asked): Promise<ModelContents> {
  const { model = '', modelVersion: version, apiKey, tls } = asked;
  using transport = createTransport({ url, apiKey, agentOptions: tls });
  const versionPath = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  const path = `/v2/models/${encodeURIComponent(model)}${versionPath}/files`;
  const { body } = await transport.call({
    method: 'GET',
    path,
    signal: waitFor(asked, contentsTimeoutMs),
  });
  return parseModelFiles(JSON.parse(body.toString()));
}

/** What a server of the OpenAI API lists of a model, for the record; it tells no hash. */
export async function describeOpenAiModel(url: string, asked: Asked): Promise<object> {
  return { model: { ...(await told(readListed(url, asked))), ...unknownContents } };
}

/** The list is of no use to who waits long for it. */
const listTimeoutMs = 5_000;

async function readListed(url: string, asked: Asked): Promise<object> {
  const { model, apiKey, timeout, tls } = asked;
  // As with the API's other paths, an address may end with `/v1` or not.
  const origin = url.replace(/\/(?:v1\/?)?$/, '');
  using transport = createTransport({ url: origin, apiKey, agentOptions: tls });
  const signal = waitFor(asked, Math.min(timeout, listTimeoutMs));
  const { body } = await transport.call({ method: 'GET', path: '/v1/models', signal });
  const { data = [] } = JSON.parse(body.toString()) as { data?: { id?: unknown }[] };
  return data.find(({ id }) => id === model) ?? {};
}

function waitFor({ signal }: Asked, timeoutMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

function told<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  return answer.catch(() => undefined);
}
