import { modelConfigSchema } from './schema.ts';
import type { FieldSchema, MessageName } from './schema-types.ts';

/**
 * Every field of a model's configuration file as a Markdown table for the documentation, with the
 * fields of a message after it.
 */
export function modelConfigTable(): string {
  const header = ['| field | takes | default | meaning |', '| --- | --- | --- | --- |'];
  return [...header, ...rowsOf('ModelConfig', '')].join('\n');
}

function rowsOf(message: MessageName, prefix: string): readonly string[] {
  const schemas: Readonly<Record<string, FieldSchema>> = modelConfigSchema[message];
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const row = `| \`${path}\` | ${takes(schema)} | ${shownDefault(schema)} | ${meaning(schema)} |`;
    return isMessage(schema.type) ? [row, ...rowsOf(schema.type, `${path}.`)] : [row];
  });
}

function takes(schema: FieldSchema): string {
  const { min, max, unit } = schema;
  const type = isMessage(schema.type) ? 'message' : schema.type;
  const what = schema.values === undefined ? type : Object.keys(schema.values).join(', ');
  const isBounded = min !== undefined || max !== undefined;
  const range = isBounded ? ` ${min ?? ''}…${max ?? ''}` : '';
  const many = schema.repeated === true ? ', list' : schema.map === undefined ? '' : ', map';
  return `${what}${range}${unit === undefined ? '' : ` ${unit}`}${many}`;
}

function shownDefault({ default: value, values }: FieldSchema): string {
  if (value === undefined || value === '') return '–';
  const names = Object.entries(values ?? {});
  return names.find(([, decoded]) => decoded === value)?.[0] ?? String(value);
}

function meaning({ description, effect }: FieldSchema): string {
  if (effect === undefined) return description;
  const outcome = effect === 'ignored' ? 'ignored with a warning' : 'the model is refused';
  return `${description} (not supported yet: ${outcome})`;
}

function isMessage(type: FieldSchema['type']): type is MessageName {
  return Object.hasOwn(modelConfigSchema, type);
}
