import { readFile, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { HttpResponse } from './http-client.ts';

const stateSchema = z.object({
  validator: z.string(),
  totalBytes: z.int().nonnegative().optional(),
});

/** A file whose bytes have arrived in part, and what must hold for the rest to fit. */
export interface PartialFile {
  readonly haveBytes: number;
  /** Entity tag or date by which the server knows whether it still has the same file. */
  readonly validator: string;
  readonly totalBytes: number | undefined;
}

/** What an earlier try left at a path; `undefined` when there is nothing to go on from. */
export async function readPartialFile(path: string): Promise<PartialFile | undefined> {
  try {
    const { size } = await stat(path);
    const state = stateSchema.parse(JSON.parse(await readFile(statePath(path), 'utf8')));
    return size === 0 ? undefined : { haveBytes: size, totalBytes: undefined, ...state };
  } catch {
    return undefined;
  }
}

/** Forgets what has arrived at a path. */
export async function dropPartialFile(path: string): Promise<void> {
  await writeFile(statePath(path), '');
  await writeFile(path, '');
}

/**
 * Empties the file at a path and notes which answer its bytes will come from.
 * @returns the size the answer states.
 */
export async function startPartialFile(
  path: string,
  { headers }: HttpResponse,
): Promise<number | undefined> {
  await dropPartialFile(path);
  const length = headers['content-length'];
  const totalBytes = length === undefined ? undefined : Number(length);
  // A weak tag does not promise equal bytes.
  const tag = headers.etag?.startsWith('"') === true ? headers.etag : undefined;
  const validator = tag ?? headers['last-modified'];
  if (validator !== undefined) {
    await writeFile(statePath(path), JSON.stringify({ validator, totalBytes }));
  }
  return totalBytes;
}

/** Whether a 206 answer brings exactly what is missing, of the same file. */
export function isRestOf(partial: PartialFile, { headers }: HttpResponse): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (range === null || Number(range[1]) !== partial.haveBytes) return false;
  const { validator, totalBytes } = partial;
  const isSameFile =
    headers.etag === undefined || !validator.startsWith('"') || headers.etag === validator;
  const isSameSize =
    totalBytes === undefined || range[2] === '*' || Number(range[2]) === totalBytes;
  return isSameFile && isSameSize;
}

function statePath(path: string): string {
  return `${path}.partial.json`;
}
