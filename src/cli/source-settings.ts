import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { SourceEnvironment } from '../repository/sources/fetch-context.ts';
import type { CliContext } from './context.ts';

type Surroundings = Pick<CliContext, 'env' | 'cwd'>;

/** Where the sources find the user's own settings. */
export function sourceEnvironment(
  surroundings: Surroundings,
  trustedOrigins: readonly string[],
): SourceEnvironment {
  const { env, cwd } = surroundings;
  return { env, homeDirectory: homeDirectory(surroundings), workingDirectory: cwd, trustedOrigins };
}

/**
 * The folder of downloaded models.
 * @param home Headway's own folder; `~/.headway` when `undefined`.
 */
export function storeDirectory(surroundings: Surroundings, home: string | undefined): string {
  return join(headwayHome(surroundings, home), 'models');
}

/**
 * The file of evidence.
 * @param home Headway's own folder; `~/.headway` when `undefined`.
 */
export function evidencePath(surroundings: Surroundings, home: string | undefined): string {
  return join(headwayHome(surroundings, home), 'evidence.sqlite');
}

function headwayHome(surroundings: Surroundings, home: string | undefined): string {
  return resolve(surroundings.cwd, home ?? join(homeDirectory(surroundings), '.headway'));
}

/**
 * The ONNX Runtime library that was named, as a whole path: a bare name would be looked for among
 * the system's libraries, and not in the current folder.
 */
export function libraryPath(
  { cwd }: Pick<Surroundings, 'cwd'>,
  named: string | undefined,
): string | undefined {
  return named === undefined ? undefined : resolve(cwd, named);
}

function homeDirectory({ env }: Surroundings): string {
  return env['HOME'] || env['USERPROFILE'] || homedir();
}
