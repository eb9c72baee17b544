import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { formatBytes } from '../progress.ts';
import { type Check, ok } from './check.ts';

/** A port the server listens on unless told otherwise. */
export interface WantedPort {
  readonly port: number;
  readonly use: string;
  /** The option that names another one; `undefined` when there is none. */
  readonly flag: string | undefined;
}

/** Whether a port on this machine's own address is free. */
export async function checkPort({ port, use, flag }: WantedPort): Promise<Check> {
  const name = `port ${port}`;
  const problem = await listenOnce(port);
  if (problem === undefined) return ok(name, `free (${use})`);
  const detail = problem === 'EADDRINUSE' ? `in use (${use})` : `cannot be listened on: ${problem}`;
  const other = flag === undefined ? '' : `, or serve on another one with ${flag}`;
  return { name, status: 'warn', detail, mend: `Stop what listens there${other}.` };
}

/** Listens for a moment. @returns the code of what went wrong. */
function listenOnce(port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
    server.close(() => resolve(undefined));
  });
  return promise;
}

const littleSpaceBytes = 2 * 1000 ** 3;

/**
 * The folder of downloaded models: whether it can be written, and the room there is. Nothing is
 * written; where the folder is not there yet, the one it would be made in is looked at.
 */
export async function checkStore(directory: string): Promise<Check> {
  const name = 'store';
  const existing = await nearestFolder(directory);
  const isWritable = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) {
    const detail = `${directory} cannot be written`;
    const mend = 'Downloads fail: name another folder with --home, or give this one to the user.';
    return { name, status: 'fail', detail, mend };
  }
  const { bavail, bsize } = await statfs(existing);
  const freeBytes = bavail * bsize;
  const detail = `${directory}, ${formatBytes(freeBytes)} free`;
  if (freeBytes >= littleSpaceBytes) return ok(name, detail);
  const mend = 'Models may not fit: make room, or name a folder on another disk with --home.';
  return { name, status: 'warn', detail, mend };
}

async function nearestFolder(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  const parent = dirname(path);
  return stats !== undefined || parent === path ? path : nearestFolder(parent);
}
