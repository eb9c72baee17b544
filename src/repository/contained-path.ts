import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { HeadwayError, invalidArgument } from '../core/error.ts';

/**
 * The real path of a file or folder inside a root. Symbolic links are followed and must not lead
 * out of the root.
 * @param root a real path; the root itself may have been reached through a link.
 * @param relativePath with forward slashes, as a repository names it; messages quote it.
 * @throws HeadwayError `not_found` when nothing is there, `invalid_argument` when it leaves the root.
 */
export async function containedPath(root: string, relativePath: string): Promise<string> {
  if (relativePath.includes('\0') || relativePath.split(/[/\\]/).includes('..')) {
    throw leavesRoot(relativePath);
  }
  const real = await realpath(join(root, relativePath)).catch((cause: unknown) => {
    throw new HeadwayError(
      'not_found',
      `'${relativePath}' does not exist in the model repository.`,
      {
        cause,
      },
    );
  });
  if (!isInside(root, real)) throw leavesRoot(relativePath);
  return real;
}

/** Whether a real path is a root or lies under it. */
export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function leavesRoot(relativePath: string): HeadwayError {
  return invalidArgument(
    `'${relativePath}' leads out of the model repository, which is not allowed.`,
  );
}
