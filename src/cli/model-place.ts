import { realpath, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ModelConfig } from '../config/model-config.ts';
import { serverSettings } from '../config/server-config.ts';
import { HeadwayError, invalidArgument } from '../core/error.ts';
import { didYouMean } from '../core/nearest-name.ts';
import { detectBackend } from '../repository/detect-backend.ts';
import { isModelName } from '../repository/model-name.ts';
import { parseConfigText } from '../repository/read-config.ts';
import { listModelNames, scanModel } from '../repository/scan-model.ts';
import { selectVersions } from '../repository/version-policy.ts';

/** What a path on the command line leads to. */
export type ModelPlace =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'folder';
      readonly name: string;
      /** Real path of the model's folder. */
      readonly folder: string;
      /** The config as written. */
      readonly config: ModelConfig;
      /** What was odd in the config. */
      readonly warnings: readonly string[];
      readonly versions: readonly number[];
      /** The version that a server would answer with, and its model file; the folder of a script. */
      readonly served: { readonly version: number; readonly path: string } | undefined;
    };

const scriptName = /\.m?[jt]s$/;

/**
 * Finds the model a path leads to: a file, a version's folder, or the folder a model has in a
 * repository.
 * @throws HeadwayError `not_found` when nothing is there, `invalid_argument` for a folder that is no
 * model's and for a config that cannot be read, `failed_precondition` for the file of a script.
 */
export async function findModel(cwd: string, given: string): Promise<ModelPlace> {
  const path = resolve(cwd, given);
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) throw await nothingThere(path, given);
  if (stats.isFile()) {
    if (scriptName.test(path)) throw runsInServer(given);
    return { kind: 'file', path };
  }
  const direct = join(path, 'model.onnx');
  if (await isFile(direct)) return { kind: 'file', path: direct };
  const name = basename(path);
  if (!isModelName(name)) throw invalidArgument(`'${name}' is no valid model name.`);
  const scanned = await scanModel([await realpath(dirname(path))], name);
  if (scanned.config.kind === 'none' && scanned.versions.size === 0) throw noModel(path, given);
  const warnings: string[] = [];
  const config = await parseConfigText(scanned.config, {
    modelName: name,
    defaultBackend: await detectBackend(scanned),
    defaultMaxQueueSize: Number(serverSettings.maxQueueSize.default),
    warn: (message) => warnings.push(message),
  });
  const served = selectVersions(config.versionPolicy, scanned.versions.keys()).at(-1);
  const versionFolder = scanned.versions.get(served ?? 0)?.path;
  return {
    kind: 'folder',
    name,
    folder: scanned.folder,
    config,
    warnings,
    versions: [...scanned.versions.keys()].toSorted((a, b) => a - b),
    served:
      served === undefined || versionFolder === undefined
        ? undefined
        : { version: served, path: await modelFile(config, versionFolder) },
  };
}

/** Says of a script how to run it: code is run by servers that were told to. */
export function runsInServer(given: string): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `'${given}' is a script, and only a server runs these: start 'headway serve' with --allow-scripts on its repository, and name the model and --url to 'headway predict'.`,
  );
}

/** As a server finds it: `model.onnx`, or what the config names, or `model.onnx` in that folder. */
async function modelFile(config: ModelConfig, versionFolder: string): Promise<string> {
  if (config.backend === 'script') return versionFolder;
  const path = join(versionFolder, config.defaultModelFilename ?? 'model.onnx');
  const inside = join(path, 'model.onnx');
  return (await isFile(inside)) ? inside : path;
}

async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true;
}

async function nothingThere(path: string, given: string): Promise<HeadwayError> {
  const names = await readdir(dirname(path)).catch(() => []);
  const hint = didYouMean(basename(path), names) || '.';
  return new HeadwayError('not_found', `There is no file or folder '${given}'${hint}`);
}

function noModel(path: string, given: string): HeadwayError {
  const inside = listModelNames([path]);
  const hint =
    inside.length === 0
      ? 'a model has version folders such as 1/model.onnx, or a config.pbtxt or model.yaml'
      : `if it is a repository, name one of its models: ${inside.slice(0, 10).join(', ')}`;
  return invalidArgument(`'${given}' is no model's folder; ${hint}.`);
}
