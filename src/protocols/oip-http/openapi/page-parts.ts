import type { BodyDescription, JsonSchema, Operation } from './operation.ts';
import { schemas } from './schemas.ts';

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Headers and body that a request may have. */
export function requestPart({ headers = [], request }: Operation): string {
  const rows = headers.map(
    ({ name, description, schema }) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${typeText(schema)}</td><td>${escapeHtml(description)}</td></tr>`,
  );
  const table =
    rows.length === 0
      ? ''
      : `<table><tr><th>header</th><th>type</th><th>meaning</th></tr>${rows.join('')}</table>`;
  if (request === undefined) return table;
  const optional = request.isRequired ? '' : ' (may be left out)';
  return `${table}<p>Body${optional}: ${bodyText(request)}</p>`;
}

/** The rows of the answers by status. */
export function answerRows(
  { answer, bareRefusals = {} }: Operation,
  refusals: Readonly<Record<number, string>>,
): string {
  const row = (status: string, meaning: string, body: string): string =>
    `<tr><td>${status}</td><td>${escapeHtml(meaning)}</td><td>${body}</td></tr>`;
  const good = answer === undefined ? '' : row('200', answer.description, bodyText(answer));
  const bad = Object.entries(refusals).map(([status, meaning]) =>
    row(status, meaning, Object.hasOwn(bareRefusals, status) ? 'none' : typeText(errorRef)),
  );
  return good + bad.join('');
}

const errorRef: JsonSchema = { $ref: '#/components/schemas/Error' };

/** Every schema with its members. */
export function schemaSection(): string {
  const parts = Object.entries(schemas).map(
    ([name, schema]) =>
      `<details id="schema-${name}"><summary><code>${name}</code> <span>${noteText(schema)}</span></summary>${membersPart(schema)}</details>`,
  );
  return `<section id="schemas">\n<h2>Schemas</h2>\n${parts.join('\n')}\n</section>`;
}

function bodyText({ json, binary, html }: BodyDescription): string {
  const forms: string[] = [];
  if (json !== undefined) forms.push(typeText(json));
  if (binary !== undefined) forms.push(`binary: ${escapeHtml(binary)}`);
  if (html === true) forms.push('HTML');
  return forms.length === 0 ? 'none' : forms.join('; ');
}

function membersPart(schema: JsonSchema): string {
  const properties = (schema['properties'] ?? schema['patternProperties']) as
    | Readonly<Record<string, JsonSchema>>
    | undefined;
  if (properties === undefined) return `<p>${typeText(schema)}</p>`;
  const required = (schema['required'] ?? []) as readonly string[];
  const rows = Object.entries(properties).map(
    ([name, member]) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${typeText(member)}${nestedPart(member)}</td><td>${required.includes(name) ? '' : 'optional. '}${noteText(member)}</td></tr>`,
  );
  return `<table><tr><th>member</th><th>type</th><th>meaning</th></tr>${rows.join('')}</table>`;
}

/** Members of an object that has no name of its own. */
function nestedPart(schema: JsonSchema): string {
  const inner = (schema['items'] ?? schema) as JsonSchema;
  const hasMembers = 'properties' in inner || 'patternProperties' in inner;
  return hasMembers ? membersPart(inner) : '';
}

function noteText(schema: JsonSchema): string {
  return escapeHtml(String(schema['description'] ?? ''));
}

function typeText(schema: JsonSchema): string {
  const { $ref: reference, type, items, enum: values, anyOf } = schema as SchemaWords;
  if (reference !== undefined) {
    const name = escapeHtml(reference.split('/').at(-1) ?? '');
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (anyOf !== undefined) return anyOf.map(typeText).join(' or ');
  if (values !== undefined)
    return values.map((value) => `<code>${escapeHtml(value)}</code>`).join(' ');
  if (type === 'array') return items === undefined ? 'list' : `list of ${typeText(items)}`;
  return escapeHtml([type ?? 'anything'].flat().join(' or '));
}

interface SchemaWords {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
}
