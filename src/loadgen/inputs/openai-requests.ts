import type { PreparedRequest } from './prepared-request.ts';

/** Which endpoint of the OpenAI API a request is for. */
export type OpenAiApi = 'chat' | 'completions' | 'embeddings';

/** What one request asks. */
export interface Prompt {
  /** Of a chat, what the user says. */
  readonly text: string;
  /** The most tokens wanted; the server decides when absent. */
  readonly maxTokens?: number | undefined;
}

export interface OpenAiRequestOptions {
  readonly api: OpenAiApi;
  readonly model: string;
  /** Whether the answer comes token by token; embeddings never do. */
  readonly isStreamed: boolean;
  /** More members of every request, such as `temperature` or `ignore_eos`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

const paths: Readonly<Record<OpenAiApi, string>> = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
};

/** Makes the bytes of a request of the OpenAI API; streams are asked to count tokens at their end. */
export function prepareOpenAiRequest(
  { text, maxTokens }: Prompt,
  { api, model, isStreamed, extra }: OpenAiRequestOptions,
): PreparedRequest {
  const limit = maxTokens === undefined ? {} : { max_tokens: maxTokens };
  const stream = isStreamed ? { stream: true, stream_options: { include_usage: true } } : {};
  const asked = {
    chat: { messages: [{ role: 'user', content: text }], ...limit, ...stream },
    completions: { prompt: text, ...limit, ...stream },
    embeddings: { input: text },
  };
  return openAiRequest(api, { model, ...asked[api], ...extra });
}

/** Makes the bytes of a request whose body is given whole. */
export function openAiRequest(
  api: OpenAiApi,
  body: Readonly<Record<string, unknown>>,
): PreparedRequest {
  const isStreamed = body['stream'] === true && api !== 'embeddings';
  return {
    method: 'POST',
    path: paths[api],
    headers: {
      'content-type': 'application/json',
      accept: isStreamed ? 'text/event-stream' : 'application/json',
    },
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** The endpoint with this path; `undefined` when there is none. */
export function openAiApiOfPath(path: string): OpenAiApi | undefined {
  return (Object.keys(paths) as OpenAiApi[]).find((api) => paths[api] === path);
}
