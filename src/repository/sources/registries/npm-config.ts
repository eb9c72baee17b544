import { access, constants, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { SourceEnvironment } from '../fetch-context.ts';

/** The npm client's settings that tell where packages come from, in the client's own names. */
export interface NpmConfig {
  readonly registry?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string;
  readonly strictSSL?: boolean;
  /** The folder of npm's own cache, where there is one that can be written. */
  readonly cache?: string;
  /** `@scope:registry` and `//host/path/:_authToken` and the like, as they stand. */
  readonly scoped: Readonly<Record<string, string>>;
}

/**
 * Reads what `npm` itself would use: `npm_config_*` variables, then `.npmrc` of the working
 * directory, of the user, and the global one where its variable names it. Files that are not there
 * count as empty.
 */
export async function readNpmConfig(environment: SourceEnvironment): Promise<NpmConfig> {
  const { env, homeDirectory, workingDirectory } = environment;
  const files = [
    env['npm_config_globalconfig'],
    env['npm_config_userconfig'] ?? join(homeDirectory, '.npmrc'),
    join(workingDirectory, '.npmrc'),
  ];
  const values = new Map<string, string>();
  for (const file of files) {
    if (file === undefined || file === '') continue;
    for (const [key, value] of parseNpmrc(await readText(file), env)) values.set(key, value);
  }
  for (const [name, value] of Object.entries(env)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (key !== undefined && value) values.set(envKey(key), value);
  }
  const cafile = values.get('cafile');
  const ca =
    cafile === undefined ? values.get('ca') : await readText(resolve(homeDirectory, cafile));
  return {
    ...pick('registry', values.get('registry')),
    ...pick('httpsProxy', values.get('https-proxy') ?? values.get('proxy')),
    ...pick('noProxy', values.get('noproxy')),
    ...pick('cache', await findCache(environment, values.get('cache'))),
    ...pick('ca', ca?.replaceAll('\\n', '\n')),
    ...pick(
      'strictSSL',
      values.has('strict-ssl') ? values.get('strict-ssl') !== 'false' : undefined,
    ),
    scoped: Object.fromEntries(
      [...values].filter(([key]) => /^(?:\/\/|@[^:]+:registry$)/.test(key)),
    ),
  };
}

/** The `key=value` lines of an `.npmrc`, with `${NAME}` replaced by that variable. */
function parseNpmrc(text: string, env: SourceEnvironment['env']): [string, string][] {
  return text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const match = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (match === null) return [];
    const [, key = '', quoted = ''] = match;
    const value = quoted.replace(/^"(.*)"$/, '$1');
    const known = value.replaceAll(/\$\{([^}]+)\}/g, (all, name: string) => env[name] ?? all);
    return [[key, known]];
  });
}

/**
 * Several files of one package are then downloaded once. A cache is not made for the purpose: where
 * npm is not at home, it would only be a second copy.
 */
async function findCache(
  { env, homeDirectory }: SourceEnvironment,
  configured: string | undefined,
): Promise<string | undefined> {
  const { LOCALAPPDATA: localAppData } = env;
  const usual = localAppData ? join(localAppData, 'npm-cache') : join(homeDirectory, '.npm');
  const cache = join(configured ?? usual, '_cacache');
  return await access(cache, constants.W_OK).then(
    () => cache,
    () => undefined,
  );
}

/** `HTTPS_PROXY` and `https_proxy` both mean `https-proxy`; scoped keys keep their case. */
function envKey(name: string): string {
  if (name.startsWith('//') || name.startsWith('@')) return name;
  return name.toLowerCase().replaceAll('_', '-');
}

function pick<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
