import type { PbtxtField, PbtxtValue } from '../../formats/pbtxt/tree.ts';
import {
  type ConfigDocument,
  checkLength,
  maxDocumentDepth,
  scalarValue,
} from './config-document.ts';
import { type ModelConfigSource, configError } from './config-source.ts';

/**
 * Reads a JSON document as a tree, lists and nothing as in YAML. The tree has no line numbers.
 * @throws HeadwayError `invalid_argument`, with the limits of YAML.
 */
export function readJsonDocument(text: string, source: ModelConfigSource): ConfigDocument {
  checkLength(text, source);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw configError(source, 0, `this is no valid JSON: ${(cause as Error).message}.`);
  }
  const root = jsonValue(parsed, source, 0);
  if (root.kind !== 'message' || parsed === null) {
    throw configError(source, 0, 'expected an object with the fields of a model configuration.');
  }
  return { root, notation: 'json' };
}

function jsonValue(value: unknown, source: ModelConfigSource, depth: number): PbtxtValue {
  if (depth > maxDocumentDepth) throw configError(source, 0, 'the document is nested too deeply.');
  if (value === null) return { kind: 'message', fields: [] };
  if (Array.isArray(value)) throw configError(source, 0, 'a list is not expected here.');
  if (typeof value !== 'object') {
    const scalar = scalarValue(Number.isSafeInteger(value) ? BigInt(value as number) : value);
    return scalar ?? { kind: 'message', fields: [] };
  }
  const fields: PbtxtField[] = [];
  for (const [name, held] of Object.entries(value)) {
    const items: readonly unknown[] = Array.isArray(held) ? held : [held];
    for (const item of items) {
      fields.push({ name, value: jsonValue(item, source, depth + 1), line: 0, column: 1 });
    }
  }
  return { kind: 'message', fields };
}
