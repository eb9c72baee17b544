import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { HeadwayError } from '../../core/error.ts';

/** Files that are written when all is measured, by the options that name them. */
export interface OutputFiles {
  readonly jsonl?: string | undefined;
  readonly histogram?: string | undefined;
  readonly report?: string | undefined;
}

/**
 * Finds out before a run what would only be seen after it.
 * @throws HeadwayError `failed_precondition` for a file that cannot be written where it shall be.
 */
export async function checkFiles(
  cwd: string,
  { jsonl, histogram, report }: OutputFiles,
): Promise<void> {
  for (const [option, file] of Object.entries({ jsonl, histogram, report })) {
    if (file === undefined) continue;
    const place = resolve(cwd, file);
    const fail = (why: string): never => {
      throw new HeadwayError(
        'failed_precondition',
        `The file of --${option} cannot be written: ${why}. Nothing was measured yet.`,
      );
    };
    const old = await stat(place).catch(() => undefined);
    if (old?.isDirectory() === true) fail(`'${place}' is a folder`);
    const folder = dirname(place);
    const around = await stat(folder).catch(() => undefined);
    if (around?.isDirectory() !== true) fail(`there is no folder '${folder}'`);
    await access(folder, constants.W_OK).catch(() => fail(`'${folder}' may not be written to`));
  }
}
