import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceEnvironment } from '../fetch-context.ts';

/** Where pip would look for packages. */
export interface PipConfig {
  /** Base URLs of package indexes, in the order to ask them; credentials may be inside. */
  readonly indexUrls: readonly string[];
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca: string | undefined;
}

/** The index that pip itself falls back to. */
const defaultIndexUrl = 'https://pypi.org/simple';

/**
 * Reads what `pip` itself would use: `PIP_*` variables, then the file that `PIP_CONFIG_FILE` names,
 * then the virtual environment's, the user's and the machine's `pip.conf`. Files that are not there
 * count as empty.
 */
export async function readPipConfig(environment: SourceEnvironment): Promise<PipConfig> {
  const { env } = environment;
  const values = new Map<string, string>();
  for (const file of configFiles(environment)) {
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const [key, value] of parsePipConfig(text)) values.set(key, value);
  }
  const option = (name: string): string | undefined =>
    env[`PIP_${name.toUpperCase().replaceAll('-', '_')}`] || values.get(name);
  const indexUrls = [
    option('index-url') ?? defaultIndexUrl,
    ...(option('extra-index-url') ?? '').split(/\s+/),
  ];
  const certificate = option('cert');
  return {
    indexUrls: indexUrls.filter((url) => url !== '').map((url) => url.replace(/\/+$/, '')),
    ca: certificate && (await readFile(certificate, 'utf8').catch(() => undefined)),
  };
}

/** The files in the order in which a later one overrides an earlier one. */
function configFiles({ env, homeDirectory }: SourceEnvironment): string[] {
  const named = env['PIP_CONFIG_FILE'];
  // Naming the null device is pip's way of reading no file at all.
  if (named === '/dev/null' || named?.toLowerCase() === 'nul') return [];
  const { APPDATA: appData, VIRTUAL_ENV: virtualEnv, XDG_CONFIG_HOME: configHome } = env;
  return [
    '/etc/xdg/pip/pip.conf',
    '/etc/pip.conf',
    '/Library/Application Support/pip/pip.conf',
    join(homeDirectory, '.pip', 'pip.conf'),
    join(homeDirectory, 'Library', 'Application Support', 'pip', 'pip.conf'),
    join(configHome || join(homeDirectory, '.config'), 'pip', 'pip.conf'),
    ...(appData ? [join(appData, 'pip', 'pip.ini')] : []),
    ...(virtualEnv ? [join(virtualEnv, 'pip.conf'), join(virtualEnv, 'pip.ini')] : []),
    ...(named ? [named] : []),
  ];
}

/** Options of the sections that count for an installation; an indented line goes on with a value. */
function parsePipConfig(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let section = '';
  let lastKey: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const isCounted = section === 'global' || section === 'install';
    const [, name] = /^\[(.*)\]\s*$/.exec(line) ?? [];
    const [, key, value] = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      section = name;
      lastKey = undefined;
    } else if (isCounted && /^\s/.test(line) && lastKey !== undefined) {
      values.set(lastKey, `${values.get(lastKey) ?? ''} ${line.trim()}`.trim());
    } else if (isCounted && key !== undefined && value !== undefined) {
      lastKey = key.toLowerCase().replaceAll('_', '-');
      values.set(lastKey, value);
    }
  }
  return values;
}
