import { didYouMean } from '../../core/nearest-name.ts';
import type { PbtxtField, PbtxtMessage, PbtxtValue } from '../../formats/pbtxt/tree.ts';
import type { ConfigDocument } from './config-document.ts';
import { type ModelConfigSource, configError, whereOf } from './config-source.ts';
import {
  type Decoder,
  type Place,
  decodeBool,
  decodeDatatype,
  decodeEnum,
  decodeFloat,
  decodeInt,
  decodeString,
  wrongType,
} from './decode-scalar.ts';
import { modelConfigSchema } from './schema.ts';
import type { DecodedMessage, FieldSchema, MessageName } from './schema-types.ts';

/**
 * Reads a configuration tree by the schema table.
 * @throws HeadwayError `invalid_argument` with the line for an unknown or repeated field or a value
 * of the wrong type or range; `unimplemented` for a field without which the model cannot be served.
 */
export function decodeModelConfig(
  document: ConfigDocument,
  source: ModelConfigSource,
): DecodedMessage<'ModelConfig'> {
  const decoder = { source, notation: document.notation };
  // The decoder follows the same table that the type is made from.
  return decodeMessage(decoder, 'ModelConfig', {
    message: document.root,
    path: '',
    line: 0,
  }) as unknown as DecodedMessage<'ModelConfig'>;
}

function decodeMessage(
  decoder: Decoder,
  name: MessageName,
  at: { readonly message: PbtxtMessage; readonly path: string; readonly line: number },
): Record<string, unknown> {
  const schemas: Readonly<Record<string, FieldSchema>> = modelConfigSchema[name];
  const result: Record<string, unknown> = { line: at.line };
  for (const [field, schema] of Object.entries(schemas)) result[field] = emptyValue(schema);
  const seen = new Set<string>();
  for (const field of at.message.fields) {
    const fieldName = decoder.notation === 'json' ? snakeCase(field.name) : field.name;
    const schema = Object.hasOwn(schemas, fieldName) ? schemas[fieldName] : undefined;
    if (schema === undefined) {
      const inside = at.path === '' ? '' : ` in '${at.path}'`;
      const hint = didYouMean(field.name, Object.keys(schemas));
      throw configError(
        decoder.source,
        field.line,
        `unknown field '${field.name}'${inside}${hint || '.'}`,
      );
    }
    const path = at.path === '' ? fieldName : `${at.path}.${fieldName}`;
    const place = { schema, path, line: field.line };
    if (schema.repeated !== true && schema.map === undefined && seen.has(fieldName)) {
      throw configError(decoder.source, field.line, `field '${path}' is given more than once.`);
    }
    seen.add(fieldName);
    decodeField(decoder, place, field, (value) => addValue(result, fieldName, schema, value));
  }
  return result;
}

function emptyValue(schema: FieldSchema): unknown {
  if (schema.repeated === true) return [];
  if (schema.map !== undefined) return new Map();
  return schema.default;
}

function addValue(
  result: Record<string, unknown>,
  name: string,
  schema: FieldSchema,
  value: unknown,
): void {
  const held = result[name];
  if (Array.isArray(held)) held.push(value);
  else if (held instanceof Map)
    for (const [key, entry] of value as MapEntries) held.set(key, entry);
  else if (schema.effect === undefined) result[name] = value;
}

type MapEntries = ReadonlyMap<string | number, unknown>;

function decodeField(
  decoder: Decoder,
  place: Place,
  field: PbtxtField,
  add: (value: unknown) => void,
): void {
  const { schema } = place;
  if (schema.type === 'any') {
    const isEmpty = field.value.kind === 'message' && field.value.fields.length === 0;
    if (schema.effect === 'refused' || !isEmpty) reportUnsupported(decoder, place);
    return;
  }
  const value =
    schema.map === undefined
      ? decodeValue(decoder, place, field.value)
      : decodeMap(decoder, place, field);
  const isDefault = value === schema.default || value === schema.sameAsDefault;
  if (schema.effect !== undefined && !isDefault) reportUnsupported(decoder, place);
  add(value);
}

function reportUnsupported({ source }: Decoder, { schema, path, line }: Place): void {
  if (schema.effect === 'refused') {
    const text = `field '${path}' (${schema.description}) is not supported yet, and the model needs it.`;
    throw configError(source, line, text, 'unimplemented');
  }
  source.warn(
    `${whereOf(source, line)}: field '${path}' is known but not supported yet; it is ignored.`,
  );
}

function decodeMap(decoder: Decoder, place: Place, field: PbtxtField): MapEntries {
  const entries = new Map<string | number, unknown>();
  if (field.value.kind !== 'message') throw wrongType(decoder, place, 'a message', field.value);
  if (decoder.notation === 'pbtxt') {
    const only = (name: string): PbtxtValue | undefined => {
      const found = field.value.kind === 'message' ? field.value.fields : [];
      return found.find((entry) => entry.name === name)?.value;
    };
    const stray = field.value.fields.find(({ name }) => name !== 'key' && name !== 'value');
    const key = only('key');
    if (stray !== undefined || key === undefined) {
      throw configError(
        decoder.source,
        place.line,
        `field '${place.path}' is a map: each entry has the form { key: … value: … }.`,
      );
    }
    const value = only('value') ?? { kind: 'message', fields: [] };
    entries.set(mapKey(decoder, place, key), decodeValue(decoder, place, value));
    return entries;
  }
  for (const entry of field.value.fields) {
    const key = mapKey(decoder, place, { kind: 'string', text: entry.name });
    const at = { ...place, line: entry.line, path: `${place.path}.${entry.name}` };
    entries.set(key, decodeValue(decoder, at, entry.value));
  }
  return entries;
}

function mapKey(decoder: Decoder, place: Place, value: PbtxtValue): string | number {
  if (place.schema.map === 'int') {
    const text = value.kind === 'string' ? value.text : undefined;
    const key = value.kind === 'integer' ? Number(value.value) : Number(text);
    if (!Number.isSafeInteger(key)) throw wrongType(decoder, place, 'a whole number as key', value);
    return key;
  }
  if (value.kind !== 'string') throw wrongType(decoder, place, 'a string as key', value);
  return value.text;
}

function decodeValue(decoder: Decoder, place: Place, value: PbtxtValue): unknown {
  const { schema } = place;
  switch (schema.type) {
    case 'string':
      return decodeString(decoder, place, value);
    case 'bool':
      return decodeBool(decoder, place, value);
    case 'int':
      return decodeInt(decoder, place, value);
    case 'float':
      return decodeFloat(decoder, place, value);
    case 'datatype':
      return decodeDatatype(decoder, place, value);
    case 'enum':
      return decodeEnum(decoder, place, value);
    case 'any':
      return undefined;
    default:
      return decodeSubmessage(decoder, { ...place, name: schema.type }, value);
  }
}

function decodeSubmessage(
  decoder: Decoder,
  place: Place & { readonly name: MessageName },
  value: PbtxtValue,
): Record<string, unknown> {
  const { path, line } = place;
  if (value.kind === 'message') {
    return decodeMessage(decoder, place.name, { message: value, path, line });
  }
  const { shorthand } = place.schema;
  if (shorthand === undefined || decoder.notation === 'pbtxt') {
    throw wrongType(decoder, place, 'a message', value);
  }
  const fields = [{ name: shorthand, value, line, column: 1 }];
  return decodeMessage(decoder, place.name, { message: { kind: 'message', fields }, path, line });
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
