import { LineCounter, type Node, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { PbtxtField, PbtxtMessage, PbtxtValue } from '../../formats/pbtxt/tree.ts';
import {
  type ConfigDocument,
  checkLength,
  maxDocumentDepth,
  scalarValue,
} from './config-document.ts';
import { type ModelConfigSource, configError } from './config-source.ts';

/**
 * Reads a YAML document as a tree: a list becomes a repeated field, nothing becomes an empty
 * message.
 * @throws HeadwayError `invalid_argument` with the line; also for aliases, which could make a small
 * file huge, for a document over 1 MiB, and for one nested deeper than 64 levels.
 */
export function readYamlDocument(text: string, source: ModelConfigSource): ConfigDocument {
  const lines = new LineCounter();
  const root = parseYaml(text, source, lines);
  const reader = { source, lines };
  const value = yamlValue(reader, root, 0);
  if (value.kind !== 'message') {
    throw configError(
      source,
      yamlLine(reader, root),
      'expected fields, `name: value` on each line.',
    );
  }
  return { root: value, notation: 'yaml' };
}

interface YamlReader {
  readonly source: ModelConfigSource;
  readonly lines: LineCounter;
}

function parseYaml(text: string, source: ModelConfigSource, lineCounter: LineCounter): Node | null {
  checkLength(text, source);
  try {
    const document = parseDocument(text, { lineCounter, intAsBigInt: true, prettyErrors: false });
    const error = document.errors[0] ?? document.warnings[0];
    if (error === undefined) return document.contents;
    if (error.message.includes('call stack')) throw new RangeError(error.message);
    const { line } = lineCounter.linePos(error.pos[0]);
    throw configError(source, line, `this is no valid YAML: ${error.message}.`);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw configError(source, 0, 'the document is nested too deeply.');
  }
}

function yamlLine({ lines }: YamlReader, node: unknown): number {
  const range = (node as Node | null)?.range;
  return range ? lines.linePos(range[0]).line : 0;
}

function yamlValue(reader: YamlReader, node: unknown, depth: number): PbtxtValue {
  const fail = (text: string): Error => configError(reader.source, yamlLine(reader, node), text);
  if (depth > maxDocumentDepth) throw fail('the document is nested too deeply.');
  if (node === null) return { kind: 'message', fields: [] };
  if (isMap(node)) return yamlMessage(reader, node.items, depth);
  if (isSeq(node)) throw fail('a list is not expected here.');
  if (!isScalar(node)) throw fail('aliases are not read; write the value out.');
  if (node.value === null) return { kind: 'message', fields: [] };
  const value = scalarValue(node.value);
  if (value === undefined) throw fail('expected a text, a number or true or false.');
  return value;
}

function yamlMessage(
  reader: YamlReader,
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  depth: number,
): PbtxtMessage {
  const fields: PbtxtField[] = [];
  for (const { key, value } of pairs) {
    const line = yamlLine(reader, key);
    if (!isScalar(key)) throw configError(reader.source, line, 'a field name must be a text.');
    const items = isSeq(value) ? value.items : [value];
    for (const item of items) {
      const read = yamlValue(reader, item, depth + 1);
      const at = isSeq(value) ? yamlLine(reader, item) : line;
      fields.push({ name: String(key.value), value: read, line: at, column: 1 });
    }
  }
  return { kind: 'message', fields };
}
