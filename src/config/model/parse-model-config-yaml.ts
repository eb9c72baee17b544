import type { ModelConfig } from '../model-config.ts';
import type { ModelConfigSource } from './config-source.ts';
import { fromDocument } from './parse-model-config.ts';
import { readYamlDocument } from './yaml-document.ts';

/**
 * Reads a `model.yaml`: the fields of `config.pbtxt` in YAML. A module of its own, so that a server
 * without such files need not load a YAML parser.
 * @throws HeadwayError as `parseModelConfigPbtxt`.
 */
export function parseModelConfigYaml(text: string, source: ModelConfigSource): ModelConfig {
  return fromDocument(readYamlDocument(text, source), source);
}
