import type { PbtxtMessage, PbtxtValue } from '../../formats/pbtxt/tree.ts';
import { type ModelConfigSource, configError } from './config-source.ts';

/** A configuration as a tree, and the notation it was written in. */
export interface ConfigDocument {
  readonly root: PbtxtMessage;
  /**
   * Text format writes a map as repeated `key`/`value` messages and is strict about types; YAML and
   * JSON write it as an object, and number, text and truth value may stand for each other.
   */
  readonly notation: 'pbtxt' | 'yaml' | 'json';
}

const maxTextLength = 1024 * 1024;

/** The deepest nesting that is read. */
export const maxDocumentDepth = 64;

/** Turns a scalar of YAML or JSON into one of the tree; `undefined` for anything else. */
export function scalarValue(value: unknown): PbtxtValue | undefined {
  switch (typeof value) {
    case 'string':
      return { kind: 'string', text: value };
    case 'bigint':
      return { kind: 'integer', value };
    case 'number':
      return { kind: 'float', value };
    case 'boolean':
      return { kind: 'identifier', name: String(value) };
    default:
      return undefined;
  }
}

/** Refuses a text over 1 MiB. */
export function checkLength(text: string, source: ModelConfigSource): void {
  if (text.length <= maxTextLength) return;
  const sizes = `${text.length} characters; at most ${maxTextLength} are read`;
  throw configError(source, 0, `the configuration has ${sizes}.`);
}
