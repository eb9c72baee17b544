import { invalidArgument } from '../../../core/error.ts';
import type { JsonArray, JsonObject, JsonValue } from './json.ts';
import { quoteText } from './quote.ts';

/** Checked access to JSON values; `what` begins the error: "The 'name' of an input". */
export function asObject(value: JsonValue | undefined, what: string): JsonObject {
  if (isObject(value)) return value;
  throw invalidArgument(`${what} must be an object, not ${describe(value)}.`);
}

/** As `asObject`, but an absent value is fine. */
export function asOptionalObject(
  value: JsonValue | undefined,
  what: string,
): JsonObject | undefined {
  return value === undefined ? undefined : asObject(value, what);
}

export function asArray(value: JsonValue | undefined, what: string): JsonArray {
  if (Array.isArray(value)) return value;
  throw invalidArgument(`${what} must be an array, not ${describe(value)}.`);
}

export function asText(value: JsonValue | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw invalidArgument(`${what} must be a string, not ${describe(value)}.`);
}

export function asBoolean(value: JsonValue | undefined, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(`${what} must be true or false, not ${describe(value)}.`);
}

/** A whole number from 0, exact whatever its size. */
export function asUnsigned(value: JsonValue | undefined, what: string): number | bigint {
  if ((typeof value === 'number' || typeof value === 'bigint') && value >= 0) return value;
  throw invalidArgument(`${what} must be a whole number from 0, not ${describe(value)}.`);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** What a value is, for an error; scalars are shown, strings shortened. */
export function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `the text ${quoteText(value)}`;
  if (typeof value !== 'object') return String(value);
  if (isObject(value)) return 'an object';
  if ('kind' in value && value.kind === 'float')
    return `${value.value} with a fraction or exponent`;
  return 'an array';
}
