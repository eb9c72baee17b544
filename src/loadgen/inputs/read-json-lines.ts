import { invalidArgument } from '../../core/error.ts';
import type { InputFile } from '../../operators/inputs/tensor-file.ts';
import {
  type OpenAiRequestOptions,
  openAiApiOfPath,
  openAiRequest,
  prepareOpenAiRequest,
} from './openai-requests.ts';
import type { PreparedRequest } from './prepared-request.ts';

/**
 * Makes requests of a file with a line of JSON for each. A line is a prompt as a text; an object
 * with `prompt` (or `input`) and, if wanted, `max_tokens`; an object with `messages` and any other
 * members of a chat; or a line of an OpenAI batch file, with `url` and `body`. Empty lines are
 * passed over.
 * @throws HeadwayError `invalid_argument` naming the line that is none of these.
 */
export function readJsonLines(
  { name, bytes }: InputFile,
  options: OpenAiRequestOptions,
): readonly PreparedRequest[] {
  const requests: PreparedRequest[] = [];
  for (const [index, line] of bytes.toString().split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const place = `'${name}', line ${index + 1}`;
    requests.push(readLine(parseLine(line, place), options, place));
  }
  if (requests.length === 0) throw invalidArgument(`'${name}' holds no requests.`);
  return requests;
}

function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidArgument(`${place}, is no JSON: ${reason}.`, { cause });
  }
}

function readLine(value: unknown, options: OpenAiRequestOptions, place: string): PreparedRequest {
  if (typeof value === 'string') return prepareOpenAiRequest({ text: value }, options);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw noRequest(place);
  const { url, body, prompt, input, messages, ...rest } = value as Record<string, unknown>;
  if (typeof url === 'string' && typeof body === 'object' && body !== null) {
    const api = openAiApiOfPath(url);
    if (api === undefined) {
      throw invalidArgument(`${place}, asks for '${url}', which is no endpoint that is known.`);
    }
    const stream = api === 'embeddings' ? {} : streamed(options);
    return openAiRequest(api, { model: options.model, ...stream, ...body });
  }
  if (Array.isArray(messages) && options.api === 'chat') {
    const asked = { model: options.model, messages, ...streamed(options) };
    return openAiRequest('chat', { ...asked, ...options.extra, ...rest });
  }
  const text = prompt ?? input;
  if (typeof text !== 'string') throw noRequest(place);
  return prepareOpenAiRequest({ text }, { ...options, extra: { ...options.extra, ...rest } });
}

function streamed({ isStreamed }: OpenAiRequestOptions): object {
  return isStreamed ? { stream: true, stream_options: { include_usage: true } } : {};
}

function noRequest(place: string): Error {
  return invalidArgument(
    `${place}, holds no request: expected a text, an object with 'prompt' or 'messages', or one with 'url' and 'body'.`,
  );
}
