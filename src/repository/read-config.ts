import { readFile, stat } from 'node:fs/promises';
import type { ModelConfig } from '../config/model-config.ts';
import type { ModelConfigSource } from '../config/model/config-source.ts';
import {
  emptyModelConfig,
  parseModelConfigJson,
  parseModelConfigPbtxt,
} from '../config/model/parse-model-config.ts';
import { invalidArgument } from '../core/error.ts';
import { containedPath } from './contained-path.ts';

const maxConfigBytes = 1024 * 1024;

/** A model's configuration as it is written. */
export type ConfigText =
  | { readonly kind: 'none' }
  | { readonly kind: 'pbtxt' | 'yaml' | 'json'; readonly text: string };

/** Where a model is: the real path of a root, and its folder's name there. */
export interface ModelPlace {
  readonly root: string;
  readonly name: string;
}

/** The names a config file may have in a model's folder. */
export const configFileNames = ['config.pbtxt', 'model.yaml'] as const;

/**
 * Reads the config file of a model.
 * @param entryNames the names in the model's folder.
 * @throws HeadwayError `invalid_argument` when both files are there, or one is too large.
 */
export async function readConfigText(
  { root, name }: ModelPlace,
  entryNames: readonly string[],
): Promise<ConfigText> {
  const [first, second] = configFileNames.filter((file) => entryNames.includes(file));
  if (first === undefined) return { kind: 'none' };
  if (second !== undefined) {
    throw invalidArgument(`Model '${name}' has both ${first} and ${second}; keep one of them.`);
  }
  const path = await containedPath(root, `${name}/${first}`);
  const { size } = await stat(path);
  if (size > maxConfigBytes) {
    throw invalidArgument(
      `Model '${name}': ${first} has ${size} bytes; at most ${maxConfigBytes} are read.`,
    );
  }
  const text = await readFile(path, 'utf8');
  return { kind: first === 'model.yaml' ? 'yaml' : 'pbtxt', text };
}

/** Parses what `readConfigText` read. @throws HeadwayError as the parsers in `config/model`. */
export async function parseConfigText(
  config: ConfigText,
  source: Omit<ModelConfigSource, 'file'>,
): Promise<ModelConfig> {
  switch (config.kind) {
    case 'none':
      return emptyModelConfig({ ...source, file: 'config' });
    case 'pbtxt':
      return parseModelConfigPbtxt(config.text, { ...source, file: 'config.pbtxt' });
    case 'json':
      return parseModelConfigJson(config.text, { ...source, file: 'config in the load request' });
    case 'yaml': {
      // Loaded when needed: a YAML parser takes longer to load than a small model.
      const { parseModelConfigYaml } = await import('../config/model/parse-model-config-yaml.ts');
      return parseModelConfigYaml(config.text, { ...source, file: 'model.yaml' });
    }
  }
}
