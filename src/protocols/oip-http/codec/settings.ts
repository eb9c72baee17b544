import { invalidArgument } from '../../../core/error.ts';
import type { TraceSettingTexts } from '../../../metrics/trace-settings.ts';
import type { TraceSettingValues } from '../../../metrics/tracing.ts';
import { type JsonObject, type JsonValue, jsonText, readJson } from './json.ts';
import { asObject, asText, describe } from './members.ts';
import { quoteText } from './quote.ts';

/**
 * The body of a trace setting request: a text, several texts, or `null`, by name. An empty body
 * changes nothing.
 */
export function decodeTraceSettings(body: Uint8Array): TraceSettingTexts {
  const texts = new Map<string, readonly string[] | null>();
  for (const [name, value] of readMembers(body)) texts.set(name, readTexts(name, value));
  return texts;
}

export function encodeTraceSettings(settings: TraceSettingValues): string {
  return JSON.stringify(Object.fromEntries(settings));
}

/** The body of a log setting request: values by name, whose types the server checks. */
export function decodeLogSettings(body: Uint8Array): ReadonlyMap<string, unknown> {
  return readMembers(body);
}

function readTexts(name: string, value: JsonValue): readonly string[] | null {
  if (value === null) return null;
  if (typeof value === 'string') return [value];
  const what = `The setting ${quoteText(name)}`;
  if (!Array.isArray(value)) {
    throw invalidArgument(`${what} must be a string or an array, not ${describe(value)}.`);
  }
  return value.map((text: JsonValue) => asText(text, `A value of ${quoteText(name)}`));
}

function readMembers(body: Uint8Array): JsonObject {
  return body.byteLength === 0 ? new Map() : asObject(readJson(jsonText(body)), 'The request');
}
