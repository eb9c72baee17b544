import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwayError, invalidArgument } from '../core/error.ts';
import { containedPath } from './contained-path.ts';
import { fingerprintFolder } from './fingerprint.ts';
import { assertModelName, isModelName, parseVersionFolder } from './model-name.ts';
import {
  type ConfigText,
  type ModelPlace,
  configFileNames,
  readConfigText,
} from './read-config.ts';

/** One version folder. */
export interface ScannedVersion {
  /** Real path of the folder. */
  readonly path: string;
  /** Changes when the version's files change, or files that its versions share. */
  readonly fingerprint: string;
  /** Real path of the model's folder, where it is not the one above `path`. */
  readonly modelFolder?: string;
  /** Whether its files came over the network: with a load request, or from a source. */
  readonly isFromNetwork?: boolean;
}

/** A model as it is on disk now. */
export interface ScannedModel {
  readonly name: string;
  /** Real path of the model's folder. */
  readonly folder: string;
  readonly config: ConfigText;
  /** Changes when a file changes that is neither the config nor a version's. */
  readonly sharedFingerprint: string;
  readonly versions: ReadonlyMap<number, ScannedVersion>;
}

/**
 * The names of the models in the roots, sorted; folders whose names are no model names are left out.
 * @throws Error of the file system when a root cannot be read.
 */
export function listModelNames(roots: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const root of roots) {
    for (const entry of readdirSync(root, { withFileTypes: true })) {
      const isFolder = entry.isDirectory() || entry.isSymbolicLink();
      if (isFolder && isModelName(entry.name)) names.add(entry.name);
    }
  }
  return [...names].toSorted();
}

/**
 * Looks at one model: its config, its version folders, and what identifies their state.
 * @param roots real paths.
 * @throws HeadwayError `not_found` when no root has the model, `invalid_argument` when several have
 * it, when a path leaves its root, or for what `readConfigText` refuses.
 */
export async function scanModel(roots: readonly string[], name: string): Promise<ScannedModel> {
  const place = await findModel(roots, name);
  const folder = await containedPath(place.root, name);
  const entryNames = await readdir(folder).catch((cause: unknown) => {
    throw invalidArgument(`Model '${name}' is not a folder that can be read.`, { cause });
  });
  const shared = await fingerprintFolder({
    root: place.root,
    folder,
    label: name,
    skip: (entry) => isConfigFile(entry) || parseVersionFolder(entry) !== undefined,
  });
  const versions = new Map<number, ScannedVersion>();
  for (const entryName of entryNames) {
    const version = parseVersionFolder(entryName);
    if (version === undefined) continue;
    const label = `${name}/${entryName}`;
    const path = await containedPath(place.root, label);
    const own = await fingerprintFolder({ root: place.root, folder: path, label });
    versions.set(version, { path, fingerprint: `${shared} ${own}` });
  }
  const config = await readConfigText(place, entryNames);
  return { name, folder, config, sharedFingerprint: shared, versions };
}

/** Identifies everything that was found of a model. */
export function fingerprintOf({ config, sharedFingerprint, versions }: ScannedModel): string {
  const lines = [...versions].map(([version, { fingerprint }]) => `${version} ${fingerprint}`);
  const text = config.kind === 'none' ? '' : config.text;
  return hash('sha256', [config.kind, text, sharedFingerprint, ...lines.toSorted()].join('\0'));
}

async function findModel(roots: readonly string[], name: string): Promise<ModelPlace> {
  assertModelName(name);
  const holders: string[] = [];
  for (const root of roots) {
    const stats = await lstat(join(root, name)).catch(() => undefined);
    if (stats !== undefined) holders.push(root);
  }
  const [root, second] = holders;
  if (root === undefined) {
    throw new HeadwayError(
      'not_found',
      `failed to load '${name}', failed to poll from model repository: there is no such model`,
    );
  }
  if (second !== undefined) {
    throw invalidArgument(
      `Model '${name}' is in more than one model repository; keep one of them.`,
    );
  }
  return { root, name };
}

function isConfigFile(name: string): boolean {
  return configFileNames.some((file) => file === name);
}
