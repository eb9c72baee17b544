import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServerConfigLayer } from '../config/resolve-server-config.ts';
import { HeadwayError, invalidArgument } from '../core/error.ts';

/** Looked for in the current folder, in this order, when no file is named. */
const defaultNames = ['headway.config.ts', 'headway.config.js', 'headway.yaml'];

/**
 * Reads the project's configuration file: TypeScript or JavaScript with a default export, or YAML.
 * Code is only ever loaded from the file named or from the current folder.
 * @param named the file given on the command line; `undefined` to look for the usual names.
 * @returns `undefined` when there is no file.
 * @throws HeadwayError `not_found` when the named file is missing, `invalid_argument` when it
 * cannot be read as configuration.
 */
export async function loadConfigFile(
  cwd: string,
  named: string | undefined,
): Promise<ServerConfigLayer | undefined> {
  const name = named ?? defaultNames.find((candidate) => existsSync(resolve(cwd, candidate)));
  if (name === undefined) return undefined;
  const path = resolve(cwd, name);
  if (!existsSync(path)) {
    throw new HeadwayError('not_found', `There is no configuration file '${name}'.`);
  }
  try {
    return { from: name, values: await readValues(path) };
  } catch (cause) {
    throw invalidArgument(
      `Cannot read the configuration file '${name}': ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

async function readValues(path: string): Promise<unknown> {
  if (/\.ya?ml$/.test(path)) {
    const { parse } = await import('yaml');
    return parse(readFileSync(path, 'utf8')) ?? {};
  }
  const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  if (loaded.default === undefined) {
    throw new TypeError('it has no default export; write `export default defineConfig({ … })`');
  }
  return loaded.default;
}
