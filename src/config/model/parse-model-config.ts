import { parsePbtxt } from '../../formats/pbtxt/parse.ts';
import type { ModelConfig } from '../model-config.ts';
import type { ConfigDocument } from './config-document.ts';
import { type ModelConfigSource, whereOf } from './config-source.ts';
import { decodeModelConfig } from './decode-message.ts';
import { readJsonDocument } from './json-document.ts';
import { toModelConfig } from './to-model-config.ts';

/**
 * Reads a `config.pbtxt`.
 * @throws HeadwayError `invalid_argument` with file and line for bad syntax, an unknown field, a
 * wrong value or values that contradict each other; `unimplemented` for a field that is not built
 * and that the model cannot be served without.
 */
export function parseModelConfigPbtxt(text: string, source: ModelConfigSource): ModelConfig {
  return fromDocument({ root: parsePbtxt(text, whereOf(source, 0)), notation: 'pbtxt' }, source);
}

/**
 * Reads a model configuration in Triton's JSON form, as a load request may bring it.
 * @throws HeadwayError as `parseModelConfigPbtxt`, without lines.
 */
export function parseModelConfigJson(text: string, source: ModelConfigSource): ModelConfig {
  return fromDocument(readJsonDocument(text, source), source);
}

/** The configuration of a model that has no file: everything comes from the model itself. */
export function emptyModelConfig(source: ModelConfigSource): ModelConfig {
  return fromDocument({ root: { kind: 'message', fields: [] }, notation: 'pbtxt' }, source);
}

/** Checks a tree, whichever notation it came from. @throws HeadwayError as `parseModelConfigPbtxt`. */
export function fromDocument(document: ConfigDocument, source: ModelConfigSource): ModelConfig {
  return toModelConfig(decodeModelConfig(document, source), source);
}
