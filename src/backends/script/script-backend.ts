import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { Backend, BackendModel, ModelSpec } from '../backend.ts';
import { readResidentBytes } from './memory-watch.ts';
import { type ScriptBackendParts, loadScriptModel } from './script-model.ts';

export interface ScriptBackendOptions extends Omit<ScriptBackendParts, 'residentBytes'> {
  /** Whether scripts may be run: they are code, and do what the server may do. */
  readonly isAllowed: boolean;
}

/** The names a script may have in a version's folder, first the one that is taken first. */
const scriptFileNames = ['model.ts', 'model.mts', 'model.js', 'model.mjs'] as const;

/**
 * Runs models that are scripts: TypeScript or JavaScript in the version's folder. Every instance has
 * a process of its own, so that what a script does harms no requests but its own: docs/scripts.md.
 */
export function createScriptBackend(options: ScriptBackendOptions): Backend {
  return {
    name: 'script',
    async load(spec) {
      checkMayRun(spec, options.isAllowed);
      return load(spec, { ...options, residentBytes: readResidentBytes });
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function load(spec: ModelSpec, parts: ScriptBackendParts): Promise<BackendModel> {
  const { path: folder } = spec;
  const file = await findScript(spec);
  // Kept, so that a start after a crash takes in no edit that was never loaded.
  const source = { file, text: await readFile(file, 'utf8') };
  return loadScriptModel({ spec, folder, source, parts });
}

function checkMayRun({ name, isFromNetwork = false }: ModelSpec, isAllowed: boolean): void {
  const text = isFromNetwork
    ? 'scripts are run from the folders of a model repository only, never from a load request or a source.'
    : 'it is a script, which is code that may do what the server may; start the server with --allow-scripts if you trust its model repositories.';
  if (isAllowed && !isFromNetwork) return;
  throw new HeadwayError('permission_denied', `Cannot load model '${name}': ${text}`);
}

async function findScript({ name, version, path, config }: ModelSpec): Promise<string> {
  const given = config.defaultModelFilename;
  if (given !== undefined && !/^\.m?[jt]s$/.test(extname(given))) {
    throw invalidArgument(
      `Cannot load model '${name}': default_model_filename is '${given}'; a script's name ends in .ts, .mts, .js or .mjs.`,
    );
  }
  for (const fileName of given === undefined ? scriptFileNames : [given]) {
    const file = join(path, fileName);
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile() === true) return file;
  }
  throw new HeadwayError(
    'not_found',
    `Cannot load model '${name}' version ${version}: its folder has no file '${given ?? scriptFileNames.join("' or '")}'.`,
  );
}
