import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HeadwayError } from '../../core/error.ts';
import type { OutputStream } from '../context.ts';

/** Writes pieces of text to the answer of a command, no faster than it is read. */
export async function printPieces(stdout: OutputStream, pieces: Iterable<string>): Promise<void> {
  for (const block of blocksOf(pieces)) {
    if (stdout.destroyed || stdout.errored) return;
    if (!stdout.write(block)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]);
  }
}

/**
 * Writes pieces of text to a file, which is there whole or not at all.
 * @throws HeadwayError `resource_exhausted` when the disk is full, `failed_precondition` when the
 * file cannot be written.
 */
export async function writePieces(path: string, pieces: Iterable<string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(Readable.from(blocksOf(pieces)), createWriteStream(temporary));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw toFileError(error, path);
  }
}

const blockLength = 1 << 16;

/** Joins small pieces, since each write costs. */
function* blocksOf(pieces: Iterable<string>): Generator<string> {
  let block = '';
  for (const piece of pieces) {
    block += piece;
    if (block.length < blockLength) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}

function toFileError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof HeadwayError || code === undefined) return error;
  return code === 'ENOSPC'
    ? new HeadwayError('resource_exhausted', `'${path}' cannot be written: its disk is full.`)
    : new HeadwayError('failed_precondition', `'${path}' cannot be written (${code}).`);
}
