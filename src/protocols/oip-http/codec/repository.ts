import { invalidArgument } from '../../../core/error.ts';
import type { LoadOverrides } from '../../../repository/repository.ts';
import { type JsonObject, jsonText, readJson } from './json.ts';
import { asBoolean, asObject, asOptionalObject, asText } from './members.ts';
import { quoteText } from './quote.ts';

/** The body of an index request: whether only ready models are wanted. An empty body is fine. */
export function decodeIndexRequest(body: Uint8Array): boolean {
  const ready = readOptionalObject(body).get('ready');
  return ready !== undefined && asBoolean(ready, "The request's 'ready'");
}

/**
 * The body of a load request: parameters `config` (a JSON string) and `file:<version>/<name>`
 * (base64). `undefined` when there are none.
 * @throws HeadwayError `invalid_argument` for files without a config, or broken base64.
 */
export function decodeLoadRequest(body: Uint8Array): LoadOverrides | undefined {
  const members = readOptionalObject(body);
  const parameters = asOptionalObject(members.get('parameters'), "The request's 'parameters'");
  let configJson: string | undefined;
  const files = new Map<string, Uint8Array>();
  for (const [name, value] of parameters ?? []) {
    const text = asText(value, `The parameter ${quoteText(name)}`);
    if (name === 'config') configJson = text;
    else if (name.startsWith('file:'))
      files.set(name.slice('file:'.length), decodeBase64(name, text));
    else throw unknownParameter(name, "'config' and 'file:<version>/<name>'");
  }
  if (configJson === undefined && files.size > 0) {
    throw invalidArgument("Loading with files needs the parameter 'config' as well.");
  }
  return configJson === undefined ? undefined : { configJson, files };
}

/**
 * Checks the body of an unload request. Its one parameter, `unload_dependents`, changes nothing:
 * no model here depends on another.
 */
export function decodeUnloadRequest(body: Uint8Array): void {
  const members = readOptionalObject(body);
  const parameters = asOptionalObject(members.get('parameters'), "The request's 'parameters'");
  for (const [name, value] of parameters ?? []) {
    if (name !== 'unload_dependents') throw unknownParameter(name, "'unload_dependents'");
    asBoolean(value, `The parameter ${quoteText(name)}`);
  }
}

function readOptionalObject(body: Uint8Array): JsonObject {
  return body.byteLength === 0 ? new Map() : asObject(readJson(jsonText(body)), 'The request');
}

function unknownParameter(name: string, known: string): Error {
  return invalidArgument(`The parameter ${quoteText(name)} is not known; known are ${known}.`);
}

function decodeBase64(name: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // The decoder skips what is not base64; only a text without such parts has this length.
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (Math.floor(((text.length - padding) * 3) / 4) !== bytes.byteLength) {
    throw invalidArgument(`The parameter ${quoteText(name)} is not valid base64.`);
  }
  return bytes;
}
