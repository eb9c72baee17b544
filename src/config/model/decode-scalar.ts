import { type Datatype, isDatatype } from '../../core/datatype.ts';
import type { PbtxtMessage, PbtxtValue } from '../../formats/pbtxt/tree.ts';
import type { ConfigDocument } from './config-document.ts';
import { type ModelConfigSource, configError } from './config-source.ts';
import type { FieldSchema } from './schema-types.ts';

/** Whose configuration is read, and how it is written. */
export interface Decoder {
  readonly source: ModelConfigSource;
  readonly notation: ConfigDocument['notation'];
}

/** The field being read. */
export interface Place {
  readonly schema: FieldSchema;
  /** The field's name with those around it: `dynamic_batching.priority_levels`. */
  readonly path: string;
  readonly line: number;
}

export function decodeString(decoder: Decoder, place: Place, value: PbtxtValue): string {
  if (value.kind === 'string') return value.text;
  if (decoder.notation !== 'pbtxt' && value.kind !== 'message') return scalarText(value);
  throw wrongType(decoder, place, 'a string', value);
}

export function decodeBool(decoder: Decoder, place: Place, value: PbtxtValue): boolean {
  const text = value.kind === 'message' ? '' : scalarText(value);
  if (value.kind !== 'string' && (text === 'true' || text === 'True' || text === '1')) return true;
  if (value.kind !== 'string' && (text === 'false' || text === 'False' || text === '0'))
    return false;
  throw wrongType(decoder, place, 'true or false', value);
}

export function decodeInt(decoder: Decoder, place: Place, value: PbtxtValue): number {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = place.schema;
  const isNumber =
    value.kind === 'integer' || (value.kind === 'float' && decoder.notation !== 'pbtxt');
  const isText =
    value.kind === 'string' && decoder.notation === 'json' && /^-?\d+$/.test(value.text);
  const number = isNumber || isText ? Number(scalarText(value)) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
  const upTo = max === Number.MAX_SAFE_INTEGER ? ' or more' : ` to ${max}`;
  throw wrongType(decoder, place, `a whole number, ${min}${upTo}`, value);
}

export function decodeFloat(decoder: Decoder, place: Place, value: PbtxtValue): number {
  if (value.kind === 'float' || value.kind === 'integer') return Number(value.value);
  throw wrongType(decoder, place, 'a number', value);
}

export function decodeDatatype(decoder: Decoder, place: Place, value: PbtxtValue): Datatype {
  const text = value.kind === 'message' ? '' : scalarText(value);
  const name = text.startsWith('TYPE_') ? text.slice('TYPE_'.length) : text;
  if (name === 'STRING') return 'BYTES';
  if (isDatatype(name)) return name;
  throw wrongType(decoder, place, 'a data type such as TYPE_FP32', value);
}

export function decodeEnum(decoder: Decoder, place: Place, value: PbtxtValue): string {
  const values = place.schema.values ?? {};
  const name = value.kind === 'message' ? '' : scalarText(value);
  const decoded = Object.hasOwn(values, name) ? values[name] : undefined;
  if (decoded !== undefined) return decoded;
  throw wrongType(decoder, place, `one of ${Object.keys(values).join(', ')}`, value);
}

function scalarText(value: Exclude<PbtxtValue, PbtxtMessage>): string {
  switch (value.kind) {
    case 'string':
      return value.text;
    case 'identifier':
      return value.name;
    case 'integer':
    case 'float':
      return String(value.value);
  }
}

export function wrongType(
  { source }: Decoder,
  place: Place,
  expected: string,
  got: PbtxtValue,
): Error {
  const shown = got.kind === 'message' ? 'a message' : `'${scalarText(got).slice(0, 100)}'`;
  return configError(
    source,
    place.line,
    `field '${place.path}' must be ${expected}, got ${shown}.`,
  );
}
